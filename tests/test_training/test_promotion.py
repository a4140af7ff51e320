from __future__ import annotations

import dataclasses
import datetime as dt
import json

import farewell
import numpy as np
import pytest
import simulated
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ConfigError, UnusableLogError
from features.histories import Histories
from features.registry import registered
from features.zones import UTC
from training import promotion
from training.backtest import OURS, run_backtest
from training.metrics import class_log_losses, log_losses, mean_estimate
from training.promotion import Change, Decision, check_comparable, compare, decide
from training.recipe import Losses, Recipe
from training.train import Trained

NAMES = {"challenger": "2020-12-26-bbbbbbbb", "champion": "2020-11-28-aaaaaaaa"}


@pytest.fixture(scope="module")
def shop() -> Histories:
    return simulated.histories(farewell.log(240))


def learning_from(names: tuple[str, ...]) -> Recipe:
    chosen = tuple(feature for feature in registered() if feature.name in names)
    return Recipe(chosen, farewell.POLICY, **farewell.SPANS, has_amounts=True, time_zone=UTC)


TELLING, USELESS = learning_from(farewell.TELLING), learning_from(farewell.USELESS)


@pytest.fixture(scope="module")
def recipe(small_trained: Trained) -> Recipe:
    return Recipe.of(small_trained.fitted.bundle)


@pytest.fixture(scope="module")
def equal(small: Histories, recipe: Recipe) -> list[tuple[Losses, Losses]]:
    """One recipe against itself at one origin."""
    return compare(small, recipe, recipe, origins=1)[0]


def losses(churn: list[float], next_tier: list[float] | None, cutoff: dt.date = simulated.AS_OF) -> Losses:
    tiers = None if next_tier is None else np.array(next_tier)
    return Losses(cutoff, np.arange(len(churn)), np.array(churn), tiers)


def verdict(ours: Losses, theirs: Losses, *failed: str, tolerance: float = 0.002) -> Decision:
    return decide([(ours, theirs)], **NAMES, failed_checks=failed, tolerance=tolerance)


def test_a_worse_challenger_is_refused(shop: Histories) -> None:
    pairs, notes = compare(shop, USELESS, TELLING)
    found = decide(pairs, **NAMES, failed_checks=(), notes=notes)
    assert not found.promoted
    assert found.cutoffs == ("2020-09-29", "2020-09-01")
    churn, tiers = found.changes
    assert churn.change.low > 0
    assert tiers.change.value > 0
    assert found.reasons[0].startswith(f"churn: the interval of the change in log loss reaches {churn.change.high:+.4f}")
    assert found.to_text().splitlines()[-1].startswith("refused: ")


def test_a_better_challenger_is_promoted(shop: Histories) -> None:
    pairs, _ = compare(shop, TELLING, USELESS, origins=2)
    found = decide(pairs, **NAMES, failed_checks=())
    assert found.promoted
    assert found.changes[0].change.high < 0
    assert found.to_text().splitlines()[-1].startswith("promoted: ")


def test_an_equal_challenger_is_promoted_however_few_its_members(equal: list[tuple[Losses, Losses]]) -> None:
    found = decide(equal, **NAMES, failed_checks=(), tolerance=0.0)
    assert found.promoted
    assert [(one.change.low, one.change.value, one.change.high) for one in found.changes] == [(0.0, 0.0, 0.0)] * 2


def test_figures_are_those_of_a_backtest(small: Histories, recipe: Recipe, equal: list[tuple[Losses, Losses]]) -> None:
    ((ours, _),) = equal
    (origin,) = run_backtest(small, [ours.cutoff], **simulated.SPANS, policy=simulated.NET, features=recipe.features)
    assert origin.labels is not None
    assert origin.labels.next_tier is not None
    assert ours.next_tier is not None
    np.testing.assert_array_equal(ours.churn, log_losses(origin.labels.churned.astype(float), origin.churn[OURS]))
    np.testing.assert_array_equal(ours.next_tier, class_log_losses(origin.labels.next_tier, origin.tiers[OURS]))


def test_the_newest_origin_is_the_newest_that_is_closed(small: Histories, equal: list[tuple[Losses, Losses]]) -> None:
    assert [ours.cutoff for ours, _ in equal] == [small.span[1] - dt.timedelta(days=simulated.HORIZON)]


@pytest.mark.parametrize("failed", [("leakage",), ("leakage", "miscalibrated")])
def test_a_failed_check_refuses_what_is_better(failed: tuple[str, ...]) -> None:
    found = verdict(losses([0.1] * 50, [0.1] * 50), losses([0.5] * 50, [0.5] * 50), *failed)
    assert not found.promoted
    assert found.reasons == (
        f"{len(failed)} check{'s' * (len(failed) > 1)} of the challenger's training failed: {', '.join(failed)}",
    )


def test_worse_in_tiers_alone_is_worse() -> None:
    found = verdict(losses([0.1] * 50, [0.6] * 50), losses([0.5] * 50, [0.5] * 50))
    assert not found.promoted
    assert [reason.split(":")[0] for reason in found.reasons] == ["next tier"]


def test_too_few_to_tell_is_a_refusal_that_says_so() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.exponential(0.4, (2, 30))
    found = verdict(losses(list(ours), None), losses(list(theirs), None))
    assert not found.promoted
    assert "it holds 0, so more members or origins may settle it" in found.reasons[0]


def test_a_stated_tolerance_decides() -> None:
    ours, theirs = losses([0.503] * 50, None), losses([0.5] * 50, None)
    assert not verdict(ours, theirs).promoted
    assert verdict(ours, theirs, tolerance=0.0031).promoted


@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), min_size=2, max_size=20),
    st.floats(0, 0.5),
)
def test_promoted_exactly_where_both_upper_ends_are_within(rows: list[tuple[float, float]], tolerance: float) -> None:
    ours, theirs = (list(side) for side in zip(*rows, strict=True))
    found = verdict(losses(ours, ours[::-1]), losses(theirs, theirs[::-1]), tolerance=tolerance)
    members = np.arange(len(rows))
    ends = [mean_estimate(np.array(x) - np.array(y), members).high for x, y in ((ours, theirs), (ours[::-1], theirs[::-1]))]
    assert found.promoted == all(end <= tolerance for end in ends)
    assert bool(found.reasons) != found.promoted


def test_losing_the_tiers_is_a_refusal_and_having_none_is_not() -> None:
    same = [0.4] * 30
    lost = verdict(losses(same, None), losses(same, same))
    assert lost.reasons == ("the champion forecasts the next tier and the challenger does not",)
    none = verdict(losses(same, None), losses(same, None))
    assert none.promoted
    assert none.notes == ("next tier: not applicable, because neither forecasts it",)
    assert verdict(losses(same, same), losses(same, None)).promoted


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"horizon_days": 56}, "challenger and champion have one horizon.* got 56 days against 28"),
        ({"lookback_days": 60}, "challenger and champion have one look-back.* got 60 days against 91"),
        ({"has_amounts": False}, "with the amounts that it was trained with; got True in place of False"),
        ({"time_zone": "Asia/Shanghai"}, "with the time zone that it was trained with; got UTC in place of Asia/Shanghai"),
    ],
)
def test_what_cannot_be_compared_is_refused(small: Histories, recipe: Recipe, change: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_comparable(dataclasses.replace(recipe, **change), recipe, small)  # type: ignore[arg-type]


def test_under_a_new_policy_both_forecast_its_tiers(small: Histories, recipe: Recipe) -> None:
    newer = dataclasses.replace(recipe, policy=simulated.IGNORE)
    ((ours, theirs),), notes = compare(small, newer, recipe, origins=1)
    assert notes == [f"the policies differ: tiers of both are the challenger's, {simulated.IGNORE.version}"]
    assert ours.next_tier is not None
    np.testing.assert_array_equal(ours.next_tier, theirs.next_tier)


def test_a_log_too_short_for_a_second_origin_is_judged_by_one(small: Histories, recipe: Recipe) -> None:
    short = small.before(simulated.FIRST + dt.timedelta(days=70))
    pairs, notes = compare(short, recipe, recipe)
    assert len(pairs) == 1
    assert notes[0].startswith("the log is too short for an origin at 20")


def test_a_log_too_short_for_any_is_refused(small: Histories, recipe: Recipe) -> None:
    with pytest.raises(UnusableLogError):
        compare(small.before(simulated.FIRST + dt.timedelta(days=40)), recipe, recipe)


def test_a_decision_is_plain(small: Histories) -> None:
    found = verdict(losses([0.1] * 5, None), losses([0.2] * 5, None), "leakage")
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["promoted"] is False
    assert plain["failed_checks"] == ["leakage"]
    assert plain["changes"][0]["change"]["high"] == pytest.approx(-0.1)
    assert Change(**{**plain["changes"][0], "change": found.changes[0].change}) == found.changes[0]
    assert plain["tolerance"] == promotion.TOLERANCE
