from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import simulated

from features.bounds import StandingBounds
from features.feature_table import build
from features.histories import Histories
from training.backtest import OURS, Origin, run_backtest
from training.metrics import auc, class_log_losses, log_losses
from training.slices import FEW_OF_A_KIND, FEW_ROWS, Slice, kinds, off_level, slices, to_text


@pytest.fixture(scope="module")
def origins(small_origins: list[Origin]) -> list[Origin]:
    return small_origins


def test_each_respect_parts_all_rows(origins: list[Origin]) -> None:
    found = slices(origins)
    rows = sum(len(origin.forecasts.table) for origin in origins)
    respects = list(dict.fromkeys(part.by for part in found))
    assert respects == ["all", "tier", "tenure", "stage", "frequency", "spend in a year"]
    for by in respects:
        assert sum(part.rows for part in found if part.by == by) == rows
    quarters = [part.rows for part in found if part.by == "spend in a year"]
    assert max(quarters) - min(quarters) <= len(origins) + 1


def test_figures_of_a_slice_by_hand(origins: list[Origin]) -> None:
    found = {(part.by, part.name): part for part in slices(origins)}
    for k, name in enumerate(simulated.NET.tier_names):
        y, p, tiers, then = [], [], [], []
        for origin in origins:
            assert origin.labels is not None
            assert origin.forecasts.table.state is not None
            inside = origin.forecasts.table.state.tier == k
            y += origin.labels.churned[inside].tolist()
            p += origin.churn[OURS][inside].tolist()
            tiers.append(origin.tiers[OURS][inside])
            then.append(origin.labels.next_tier[inside])  # type: ignore[index]
        part, left = found["tier", name], np.array(y, float)
        assert part.rows == len(left)
        assert part.churn_rate == pytest.approx(left.mean())
        assert part.mean_p == pytest.approx(np.mean(p))
        assert part.off.value == pytest.approx(np.mean(p) - left.mean())
        assert part.off.low < part.off.value < part.off.high
        assert part.log_loss.value == pytest.approx(log_losses(left, np.array(p)).mean())
        assert part.auc == pytest.approx(auc(left, np.array(p)), nan_ok=True)
        assert part.tier_log_loss is not None
        assert part.tier_log_loss.value == pytest.approx(
            class_log_losses(np.concatenate(then), np.concatenate(tiers)).mean()
        )
        few = min(left.sum(), (1 - left).sum())
        assert part.small == (len(left) < FEW_ROWS or few < FEW_OF_A_KIND)


def test_kinds_are_told_by_what_was_known(small: Histories) -> None:
    """The future changes nobody's kind."""
    cutoff = simulated.AS_OF
    found = []
    for histories in (small, small.before(cutoff)):
        table = build(histories, [cutoff], **simulated.SPANS, policy=simulated.NET)
        members = table.members.tolist()
        found.append(
            {by: dict(zip(members, codes.tolist(), strict=True)) for by, (_, codes) in kinds(table, cutoff).items()}
        )
    assert found[0] == found[1]
    assert all(-1 not in codes.values() for codes in found[0].values())


def test_tenure_and_stage_by_hand(small_log: dict[str, list], small: Histories) -> None:
    cutoff = simulated.AS_OF
    table = build(small, [cutoff], **simulated.SPANS)
    names, tenure = kinds(table, cutoff)["tenure"]
    stages, stage = kinds(table, cutoff, StandingBounds(loyal_periods=4))["stage"]
    assert "tier" not in kinds(table, cutoff)
    for i, member in enumerate(table.members.tolist()):
        days = [day for day, values in small_log[member] if day < cutoff and values["orders"]]
        age = (cutoff - days[0]).days
        expected = ("under 91 days", "91 to 181 days", "182 to 363 days", "364 days and more")
        assert names[tenure[i]] == expected[sum(age >= bound for bound in (91, 182, 364))]
        periods = len({(cutoff - day).days - 1 for day in days} and {((cutoff - day).days - 1) // 91 for day in days})
        word = "first purchase" if len(days) == 1 else "loyal" if periods >= 4 and age <= 364 else stages[stage[i]]
        assert stages[stage[i]] == word


def test_without_amounts_or_outcome(visits_only: Histories, origins: list[Origin]) -> None:
    (bare,) = run_backtest(visits_only, [simulated.AS_OF], **simulated.SPANS)
    found = slices([bare])
    assert {part.by for part in found} == {"all", "tenure", "stage", "frequency"}
    assert all(part.tier_log_loss is None for part in found)
    assert slices([dataclasses.replace(bare, labels=None)]) == []
    again = slices([dataclasses.replace(origins[0], labels=None), origins[1]])
    assert repr(again) == repr(slices([origins[1]]))


def test_as_records_and_as_text(origins: list[Origin]) -> None:
    found = slices(origins)
    records = [part.to_dict() for part in found]
    assert json.loads(json.dumps(records, allow_nan=False)) == records
    assert {"off", "off_low", "off_high", "tier_log_loss_low", "small"} <= records[0].keys()
    assert len({tuple(record) for record in records}) == 1
    lines = to_text(found).splitlines()
    assert len(lines) == 2 + len(found)
    assert max(map(len, lines)) <= 140
    assert [line.endswith("small") for line in lines[2:]] == [part.small for part in found]
    assert to_text([]) == ""


def test_what_is_off_beyond_chance(origins: list[Origin]) -> None:
    part = slices(origins)[1]

    def one(value: float, low: float, high: float, small: bool = False) -> Slice:
        return dataclasses.replace(part, off=dataclasses.replace(part.off, value=value, low=low, high=high), small=small)

    right, chance, dark, light = one(0.02, 0.01, 0.03), one(0.1, -0.01, 0.2), one(0.1, 0.05, 0.2), one(-0.2, -0.3, -0.1)
    assert off_level([right, chance, dark, light, one(0.3, 0.2, 0.4, small=True)], 0.03) == [light, dark]
    everybody = dataclasses.replace(dark, by="all", name="members")
    assert off_level([light, everybody], 0.03) == [everybody, light]
