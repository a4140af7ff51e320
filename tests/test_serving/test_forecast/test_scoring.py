from __future__ import annotations

import datetime as dt
import subprocess
import sys

import numpy as np
import pytest
from homes import AS_OF, Demo, Shop

from features.bounds import StandingBounds
from features.histories import Histories
from features.membership import near_misses
from features.needs import outlook
from features.snapshot import to_date, to_day
from features.standing import stand
from serving.forecast.record import AT, KEEPS, REACHES, Layout
from serving.forecast.scoring import Scores, score


@pytest.fixture(scope="module")
def layout(demo: Demo) -> Layout:
    return Layout.of(demo.forecaster, demo.version)


@pytest.fixture(scope="module")
def scores(demo: Demo, layout: Layout, journey: Histories) -> Scores:
    return score(demo.forecaster, layout, journey, AS_OF)


def positions(histories: Histories, found: Scores) -> np.ndarray:
    place = {member: i for i, member in enumerate(histories.members.tolist())}
    return np.array([place[member] for member in found.members.tolist()])


def test_one_member_has_the_same_row_alone_to_the_bit(
    demo: Demo, layout: Layout, journey: Histories, scores: Scores
) -> None:
    near = np.flatnonzero(scores.near > 0)[:5]
    for row in [0, 1, len(scores) - 1, *near.tolist()]:
        member = positions(journey, scores)[[row]]
        alone = score(demo.forecaster, layout, journey.select(member), AS_OF)
        assert alone.rows.tobytes() == scores.rows[row : row + 1].tobytes()
        assert alone.members.tolist() == scores.members[row : row + 1].tolist()


def test_nothing_from_the_date_on_is_known(demo: Demo, layout: Layout, journey: Histories) -> None:
    as_of = AS_OF - dt.timedelta(days=40)
    few = journey.range(0, 60)
    assert (
        score(demo.forecaster, layout, few, as_of).rows.tobytes()
        == score(demo.forecaster, layout, few.before(as_of), as_of).rows.tobytes()
    )


def test_the_earlier_temperature_is_what_the_model_would_have_said(
    demo: Demo, layout: Layout, journey: Histories, scores: Scores
) -> None:
    before = AS_OF - dt.timedelta(days=layout.horizon_days)
    then = score(demo.forecaster, layout, journey.before(before), before)
    said = dict(zip(then.members.tolist(), then.temperature.tolist(), strict=True))
    found = scores.rows[:, AT["earlier_temperature"]].tolist()
    told = [None if np.isnan(value) else value for value in found]
    assert told == [said.get(member) for member in scores.members.tolist()]
    assert 0 < told.count(None) < len(told)


def test_a_log_that_does_not_reach_back_has_no_earlier_temperature(shop: Shop) -> None:
    first = to_date(shop.histories.first_day)
    for days in (shop.layout.horizon_days, shop.layout.horizon_days + 1):
        found = score(shop.forecaster, shop.layout, shop.histories, first + dt.timedelta(days=days))
        earlier = found.rows[:, AT["earlier_temperature"]]
        assert len(earlier)
        assert np.isnan(earlier).all() == (days == shop.layout.horizon_days)


def test_columns_for_the_desk_say_what_the_rows_say(scores: Scores, shop: Shop, visits_shop: Shop) -> None:
    for found in (scores, score(shop.forecaster, shop.layout, shop.histories, shop.as_of)):
        for name in ("value_at_risk", "tier", "stage", "near"):
            assert (getattr(found, name) == found.rows[:, AT[name]]).all()
        assert (found.temperature == 100.0 * (1.0 - found.rows[:, AT["p_churn"]])).all()
    plain = score(visits_shop.forecaster, visits_shop.layout, visits_shop.histories, visits_shop.as_of)
    assert np.isnan(plain.value_at_risk).all()
    assert (plain.tier == -1).all()
    assert (plain.near == 0).all()


def test_the_stage_is_the_ladders(journey: Histories, scores: Scores, shop: Shop) -> None:
    assert scores.stage.tolist() == stand(journey, AS_OF).stage[positions(journey, scores)].tolist()
    bounds = StandingBounds(periods=8, loyal_periods=8)
    other = score(shop.forecaster, shop.layout, shop.histories, shop.as_of, bounds)
    expected = stand(shop.histories, shop.as_of, bounds).stage[positions(shop.histories, other)]
    assert other.stage.tolist() == expected.tolist()


def test_near_misses_are_those_of_the_description(demo: Demo, layout: Layout, journey: Histories, scores: Scores) -> None:
    policy = demo.forecaster.settings.policy
    assert policy is not None
    by = AS_OF + dt.timedelta(days=layout.horizon_days)
    near, place = near_misses(journey, policy, AS_OF, by, StandingBounds()), positions(journey, scores)
    for part, lacks in ((KEEPS, near.keep), (REACHES, near.rise)):
        assert ((scores.near & part) > 0).tolist() == (lacks[place] > 0).tolist()
    some = np.flatnonzero(scores.near == KEEPS)[:2].tolist() + np.flatnonzero(scores.near & REACHES)[:2].tolist()
    assert len(some) > 2
    for row in some:
        needs = outlook(journey, policy, int(place[row]), AS_OF, by)
        for miss in layout.near_miss(scores.rows[row].tolist(), "en"):
            (own,) = (need for need in needs if need.tier == miss["tier"])
            lost = int(near.keep_by[place[row]]) if miss["kind"] == "keep" else -1
            assert own.last_day is not None
            until = own.last_day if lost < 0 else min(own.last_day, to_date(lost))
            assert (own.need, str(until)) == (miss["need"], miss["by"])


def test_spend_lies_between_nothing_and_more(scores: Scores) -> None:
    low, high = scores.rows[:, AT["spend_low"]], scores.rows[:, AT["spend_high"]]
    gone = scores.rows[:, AT["p_churn"]]
    assert (low <= high).all()
    assert ((low == 0.0) == (gone >= 0.1)).all()
    assert ((high == 0.0) == (gone >= 0.9)).all()


def test_nobody_in_the_look_back(shop: Shop) -> None:
    later = to_date(to_day(shop.as_of) + 80)
    found = score(shop.forecaster, shop.layout, shop.histories, later)
    assert len(found) == len(found.near) == 0
    assert found.rows.shape == (0, shop.layout.width)


def test_a_light_import() -> None:
    heavy = ("numba", "pandas", "pyarrow", "lightgbm", "mlflow", "sklearn", "duckdb", "ibis")
    code = f"import serving.forecast.scoring, sys; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
