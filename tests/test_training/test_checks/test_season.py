"""TC-SEASON."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import plain_evidence as plain
import pytest
import simulated

from features.daily import DailyRow
from features.histories import Histories
from features.snapshot import to_date
from training.checks import Evidence
from training.checks.season import SeasonUncovered, level_curve

check = SeasonUncovered()


def shop(days: int, swing: float, members: int = 400) -> Histories:
    """Members who buy about every three weeks, more often and less by the time of the year."""
    rng = np.random.default_rng(0)
    rate = np.exp(swing * np.sin(2 * np.pi * np.arange(days) / 364)) / 21
    log: dict[str, list[DailyRow]] = {}
    for i in range(members):
        bought = np.flatnonzero(rng.random(days) < rate)
        own = [0, *bought[bought > 0].tolist()] if i == 0 else bought.tolist()
        if own:
            log[f"m{i:03d}"] = [
                (simulated.FIRST + dt.timedelta(days=day), {"orders": 1, "gross": 1, "returned": 0}) for day in own
            ]
    return simulated.histories(log)


def seen(histories: Histories) -> Evidence:
    return replace(plain.evidence(histories=histories), as_of=histories.span[1])


def test_a_season_in_a_log_too_short_for_it_is_a_warning() -> None:
    found = check.run(seen(shop(350, swing=0.8)))
    assert found.status == "warning"
    assert "350 of 455 days" in found.found
    assert found.figures["highest"] > 2 * found.figures["lowest"]


def test_a_season_that_the_log_has_seen_is_quiet() -> None:
    found = check.run(seen(shop(800, swing=0.8)))
    assert found.status == "ok"
    assert "tell of this time last year" in found.found
    assert found.figures["spread"] > 0.2


@pytest.mark.parametrize("days", [200, 350, 800])
def test_a_shop_without_a_season_is_quiet(days: int) -> None:
    found = check.run(seen(shop(days, swing=0.0)))
    assert found.status == "ok"
    assert "no more than chance" in found.found


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    assert check.run(sound).status == "ok"


def test_the_curve_against_counting(small: Histories) -> None:
    """Who bought in the look-back, and of them who did not in the horizon, member by member."""
    as_of = simulated.AS_OF
    days, left, size = level_curve(small, as_of, **simulated.SPANS)
    assert (np.diff(days) == simulated.HORIZON // 2).all()
    assert to_date(days[-1]) == as_of - dt.timedelta(days=simulated.HORIZON)
    assert days[0] >= small.first_day + simulated.LOOKBACK
    visits = small.visits
    for day, gone, there in zip(days.tolist()[::5], left[::5], size[::5], strict=True):
        own = [visits.day[a:b] for a, b in zip(visits.offsets[:-1], visits.offsets[1:], strict=True)]
        active = [d for d in own if ((d >= day - simulated.LOOKBACK) & (d < day)).any()]
        assert there == len(active)
        assert gone == sum(not ((d >= day) & (d < day + simulated.HORIZON)).any() for d in active)


def test_days_from_the_cutoff_on_change_nothing(small: Histories) -> None:
    whole, known = (level_curve(log, simulated.AS_OF, **simulated.SPANS) for log in (small, small.before(simulated.AS_OF)))
    assert all(np.array_equal(one, other) for one, other in zip(whole, known, strict=True))


def test_of_many_members_some_are_drawn(monkeypatch: pytest.MonkeyPatch, small: Histories) -> None:
    _, left, size = level_curve(small, simulated.AS_OF, **simulated.SPANS)
    monkeypatch.setattr("training.checks.season._MOST_MEMBERS", 100)
    _, some_left, some = level_curve(small, simulated.AS_OF, **simulated.SPANS)
    assert some.max() <= 100
    assert some_left.sum() / some.sum() == pytest.approx(left.sum() / size.sum(), abs=0.06)


@pytest.mark.parametrize("days", [3, 29, 40])
def test_a_log_without_a_curve_does_not_apply(days: int) -> None:
    assert check.run(seen(shop(days, swing=0.0))).status == "not applicable"


def test_without_a_log_or_with_few_members_it_does_not_apply() -> None:
    assert check.run(plain.evidence()).status == "not applicable"
    assert "0 past cutoffs have 20 members" in check.run(seen(shop(300, swing=0.0, members=15))).found
