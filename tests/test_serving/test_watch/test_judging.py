"""serving/watch/judging.py: the figures of a run reckoned again from the log's lines, in plain loops."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from watched import TRAINED, World, read

from serving.watch.judging import AUC, ECE, LEFT, LOSS, OFF, SPEND_TOTAL, TIER_LOSS, TIER_RIGHT, can_judge, judge
from serving.watch.runs import Outcome, Run
from serving.watch.told import Told
from training.metrics import auc, calibration_error

DAY = TRAINED + dt.timedelta(days=28)


def mark(key: str) -> bytes:
    return key.encode().ljust(32, b".")


@pytest.fixture(scope="module")
def told(world: World) -> Told:
    """What was forecast, in an order of its own."""
    forecasts = world.fitted.forecaster.forecast(world.histories.before(DAY), DAY)
    assert forecasts.expected_spend is not None
    assert forecasts.p_tier is not None
    named = np.empty(len(forecasts.members), object)
    named[:] = [mark(member) for member in forecasts.members.tolist()]
    whole = Told(named, forecasts.p_churn, forecasts.expected_spend, forecasts.p_tier)
    return whole.take(np.random.default_rng(1).permutation(len(whole)))


@pytest.fixture(scope="module")
def run(world: World, told: Told) -> Run:
    return Run(world.version, DAY, 28, len(told), {}, {}, {})


def judged(run: Run, told: Told, world: World) -> Outcome:
    return judge(run, told, world.fitted.forecaster.settings, world.histories, mark)


def test_the_figures_are_those_of_what_the_lines_say(run: Run, told: Told, world: World) -> None:
    frame, first, end = world.lines, run.as_of.isoformat(), run.due.isoformat()
    inside = frame[(frame.timestamp >= first) & (frame.timestamp < end)]
    bought = {mark(member) for member in inside.customer_id[inside.amount >= 0]}
    spent = {mark(member): float(amount) for member, amount in inside.groupby("customer_id").amount.sum().items()}
    window = frame[(frame.timestamp >= (run.due - dt.timedelta(days=60)).isoformat()) & (frame.timestamp < end)]
    held = {mark(member): float(amount) for member, amount in window.groupby("customer_id").amount.sum().items()}
    y = np.array([float(found not in bought) for found in told.marks])
    tiers = np.array([sum(held.get(found, 0.0) >= reach for reach in (80.0, 250.0)) for found in told.marks])
    outcome = judged(run, told, world)
    value = {name: figure.value for name, figure in outcome.figures.items()}
    assert (outcome.rows, outcome.lost) == (len(told), 0)
    assert value[AUC] == pytest.approx(auc(y, told.p_churn))
    assert value[ECE] == pytest.approx(calibration_error(y, told.p_churn))
    assert value[LEFT] == pytest.approx(y.mean())
    assert value[OFF] == pytest.approx(told.p_churn.mean() - y.mean())
    assert value[LOSS] == pytest.approx(-np.mean(np.log(np.where(y > 0, told.p_churn, 1 - told.p_churn))))
    assert value[TIER_LOSS] == pytest.approx(-np.mean(np.log(told.p_tier[np.arange(len(told)), tiers])))
    assert value[TIER_RIGHT] == pytest.approx(np.mean(told.p_tier.argmax(axis=1) == tiers))
    came = sum(spent.get(found, 0.0) for found in told.marks)
    assert value[SPEND_TOTAL] == pytest.approx(told.expected_spend.sum() / came)
    assert all(figure.low <= figure.value <= figure.high for name, figure in outcome.figures.items() if name != ECE)


def test_a_log_that_does_not_reach_the_end_of_the_horizon_judges_nothing(run: Run, world: World) -> None:
    assert can_judge(run, world.histories)
    assert not can_judge(run, world.histories.before(run.due - dt.timedelta(days=1)))
    assert can_judge(run, world.histories.before(run.due))


def test_lines_after_the_horizon_change_nothing(run: Run, told: Told, world: World) -> None:
    cut = judge(run, told, world.fitted.forecaster.settings, world.histories.before(run.due), mark)
    assert cut == judged(run, told, world)


def test_members_of_another_log_are_counted_as_lost(run: Run, told: Told, world: World) -> None:
    half = read(world.lines[world.lines.customer_id < "m130"])
    outcome = judge(run, told, world.fitted.forecaster.settings, half, mark)
    assert outcome.rows + outcome.lost == len(told)
    assert 0 < outcome.lost < len(told)
    nobody = judge(run, told, world.fitted.forecaster.settings, half, lambda key: mark(f"x{key}"))
    assert (nobody.rows, nobody.lost, nobody.figures) == (0, len(told), {})
    assert math.isnan(nobody.ece_by_chance)


def test_intervals_do_not_hang_on_the_secret(run: Run, told: Told, world: World) -> None:
    turned = told.take(np.arange(len(told))[::-1])
    assert judged(run, turned, world) == judged(run, told, world)


def test_very_many_are_judged_by_some(run: Run, told: Told, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.watch.judging._MOST_ROWS", 50)
    some = judged(run, told, world)
    assert some.rows == 50
    assert some.figures[AUC].value == pytest.approx(judged(run, told.take(np.arange(50)), world).figures[AUC].value)


def test_without_tiers_and_amounts_churn_alone_is_judged(world: World) -> None:
    named = np.empty(3, object)
    named[:] = [mark(member) for member in ("m000", "m001", "m002")]
    bare = Told(named, np.array([0.1, 0.5, 0.9]), np.full(3, np.nan), np.empty((3, 0)))
    day = Run(world.version, TRAINED, 28, 3, {}, {}, {})
    outcome = judged(day, bare, world)
    assert set(outcome.figures) == {AUC, ECE, LOSS, OFF, LEFT}
