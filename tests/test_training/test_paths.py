from __future__ import annotations

import json

import numpy as np
import pytest
import simulated

from features.histories import Histories
from features.ledger import Ledger
from features.playing import WHOLE
from features.policy import TierPolicy
from features.rulebook import Column
from features.snapshot import to_day
from training.paths import MOST_ROWS, Bank, activity, counted, fit_bank, units

POLICY = TierPolicy.from_dict(
    {
        "programme": "P",
        "metrics": {"money": "spend", "orders": "orders"},
        "tiers": [{"name": "A"}, {"name": "B", "reach": {"money": 50, "orders": 2}}],
        "window": {"calendar": "quarter"},
        "review": "period_end",
    }
)
HORIZON, LOOKBACK, PER_BAND = 56, 91, 6
CUTOFF = to_day(simulated.AS_OF) - HORIZON


@pytest.fixture(scope="module")
def log(small: Histories) -> Ledger:
    return counted(small, POLICY)


@pytest.fixture(scope="module")
def rows(log: Ledger) -> np.ndarray:
    """Members who add to spend in the horizon."""
    member = np.arange(len(log.joined))
    low, high = (log.rows_before(member, np.full(len(member), day)) for day in (CUTOFF, CUTOFF + HORIZON))
    return np.flatnonzero(log.totals[0, high] > log.totals[0, low])


@pytest.fixture(scope="module")
def bank(log: Ledger, rows: np.ndarray) -> Bank:
    cutoff = np.full(len(rows), CUTOFF)
    factor = np.stack([np.ones(len(rows)), rows + 1.0])  # tells who was chosen
    active = activity(log, rows, cutoff, LOOKBACK)
    return fit_bank(log, rows, cutoff, HORIZON, active, factor, driver=0, per_band=PER_BAND)


def test_activity_is_days_with_something(log: Ledger, small: Histories, rows: np.ndarray) -> None:
    found = activity(log, rows, np.full(len(rows), CUTOFF), LOOKBACK)
    for member, days in zip(rows[:20].tolist(), found[:20].tolist(), strict=True):
        own: set[int] = set()
        for table in (small.visits, small.returns):
            own |= set(table.day[table.offsets[member] : table.offsets[member + 1]].tolist())
        assert days == sum(CUTOFF - LOOKBACK <= day < CUTOFF for day in own)


def test_paths_are_horizons_of_members_as_active(log: Ledger, rows: np.ndarray, bank: Bank) -> None:
    active = activity(log, rows, np.full(len(rows), CUTOFF), LOOKBACK)
    chosen = (bank.paths.factor[1] - 1).astype(int)
    assert set(chosen) <= set(rows.tolist())
    bands = len(bank.edges) + 1
    assert bands > 2
    assert len(chosen) == bands * PER_BAND
    first = bank.first(active[np.searchsorted(rows, chosen)])
    np.testing.assert_array_equal(first, np.repeat(np.arange(bands) * PER_BAND, PER_BAND))
    assert bank.first(np.array([0]))[0] == 0
    assert bank.first(np.array([10_000]))[0] == (bands - 1) * PER_BAND


def test_paths_go_as_horizons_went(log: Ledger, small: Histories, bank: Bank) -> None:
    paths = bank.paths
    few = 0
    for path, member in enumerate((paths.factor[1] - 1).astype(int).tolist()):
        own = slice(paths.starts[path], paths.starts[path + 1])
        day, share = paths.day[own], paths.share[:, own]
        assert (np.diff(day) > 0).all()
        assert (day >= 0).all()
        assert (day < HORIZON).all()
        assert (np.diff(share, axis=1) >= 0).all()
        assert (share[:, -1] == WHOLE).all()
        visits = slice(small.visits.offsets[member], small.visits.offsets[member + 1])
        bought = {
            int(d) - CUTOFF: int(n)
            for d, n in zip(small.visits.day[visits], small.visits.values["orders"][visits], strict=True)
        }
        inside = {d: n for d, n in sorted(bought.items()) if 0 <= d < HORIZON}
        assert set(day.tolist()) <= set(inside)
        assert len(day) <= MOST_ROWS
        if len(inside) <= MOST_ROWS:
            few += 1
            assert day.tolist() == list(inside)
            orders = np.cumsum(list(inside.values()))
            np.testing.assert_allclose(share[1] / WHOLE, orders / orders[-1], atol=1 / WHOLE)
    assert 0 < few < len(paths.factor[1])


def test_paths_of_a_band_lie_early_and_late(bank: Bank) -> None:
    middles = [
        float((bank.paths.day[a:b] * np.diff(bank.paths.share[0, a:b], prepend=0)).sum() / WHOLE)
        for a, b in zip(bank.paths.starts[:-1], bank.paths.starts[1:], strict=True)
    ]
    rising = np.diff(np.array(middles).reshape(-1, PER_BAND), axis=1)
    assert (rising > -HORIZON / MOST_ROWS).all()  # days that were put together move a little
    assert rising.sum() > 0


def test_plain_values_survive(bank: Bank) -> None:
    again = Bank.from_dict(json.loads(json.dumps(bank.to_dict())))
    for name in ("starts", "day", "share", "factor"):
        np.testing.assert_array_equal(getattr(again.paths, name), getattr(bank.paths, name))
        assert getattr(again.paths, name).dtype == getattr(bank.paths, name).dtype
    np.testing.assert_array_equal(again.edges, bank.edges)
    assert again.per_band == PER_BAND


def test_units_of_a_column() -> None:
    assert [units(Column(name)) for name in ("spend", "profit", "orders", "points_earned")] == [10_000, 10_000, 1, 1]


def test_points_are_counted_as_if_none_expired(small: Histories) -> None:
    rules = {"metric": "points_balance", "window": "lifetime", "tiers": [{"name": "A"}]}
    never, soon = (
        TierPolicy.from_dict({"programme": "P", **rules, "points": {"per_unit": 1.0, **more}})
        for more in ({}, {"expire_days": 5})
    )
    np.testing.assert_array_equal(counted(small, never).totals, counted(small, soon).totals)
