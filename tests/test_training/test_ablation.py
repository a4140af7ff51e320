from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from homes import SHOP_POLICY, shop_log

import features
from features.errors import ConfigError, CutoffError
from features.feature import Feature, Unit
from features.histories import Histories
from features.registry import available, by_name, chosen_by_default, registered
from training.ablation import run_ablation, trials
from training.backtest import OURS, run_backtest
from training.effects import IN, OUT, Ablation
from training.metrics import log_losses

SPANS = {"horizon_days": 21, "lookback_days": 60}
CUTOFFS = [dt.date(2020, 7, 20), dt.date(2020, 6, 20)]
REFERENCE = by_name(["recency_days", "visits_91d", "spend_91d"])
OWN = Feature("visits_7d", Unit.COUNT, "total('visits', 7)", "days with a purchase in the last week")


@pytest.fixture(scope="module")
def shop() -> Histories:
    return features.from_log(features.check(shop_log(60)))


@pytest.fixture(scope="module")
def ablation(shop: Histories) -> Ablation:
    others = by_name(["visits_28d", "tenure_days"])
    return run_ablation(shop, CUTOFFS, **SPANS, policy=SHOP_POLICY, features=REFERENCE, others=others)


def test_each_family_is_left_out_and_its_others_are_put_in() -> None:
    found = trials(REFERENCE, by_name(["visits_28d", "visits_91d", "tenure_days"]))
    names = {(trial.group, trial.change): (trial.changed, [feature.name for feature in trial.features]) for trial in found}
    three = ["recency_days", "visits_91d", "spend_91d"]
    assert names == {
        ("recency", OUT): (("recency_days",), three[1:]),
        ("frequency", OUT): (("visits_91d",), [three[0], three[2]]),
        ("value", OUT): (("spend_91d",), three[:2]),
        ("recency", IN): (("tenure_days",), [*three, "tenure_days"]),
        ("frequency", IN): (("visits_28d",), [*three, "visits_28d"]),
    }
    assert [(trial.group, trial.change) for trial in found] == list(names)


def test_features_named_are_tried_one_by_one_and_ones_own_is_a_group() -> None:
    found = trials(REFERENCE, [OWN], ["visits_7d", "recency_days"])
    assert [(trial.group, trial.change) for trial in found] == [("visits_7d", IN), ("recency_days", OUT)]
    assert trials([*REFERENCE, OWN], [])[-1].group == "visits_7d"


def test_nothing_is_left_of_a_single_family_so_it_is_not_left_out() -> None:
    assert trials(by_name(["recency_days", "tenure_days"]), []) == []


def test_an_unknown_feature_is_said() -> None:
    with pytest.raises(ConfigError, match=r"a feature to try is one that the log can give; got 'profit_91d'"):
        trials(REFERENCE, [], ["profit_91d"])


def test_the_reference_is_the_backtest_to_the_bit(shop: Histories, ablation: Ablation) -> None:
    origins = run_backtest(shop, CUTOFFS, **SPANS, policy=SHOP_POLICY, features=REFERENCE)
    losses = [log_losses(o.labels.churned.astype(float), o.churn[OURS]) for o in origins if o.labels]
    assert ablation.figures["churn log loss"].value == np.concatenate(losses).mean()
    assert ablation.forecasts == sum(len(o.forecasts.table) for o in origins)
    assert ablation.cutoffs == tuple(sorted(CUTOFFS))


def test_a_change_is_the_difference_of_two_backtests(shop: Histories, ablation: Ablation) -> None:
    with_more = run_backtest(shop, CUTOFFS, **SPANS, policy=SHOP_POLICY, features=[*REFERENCE, *by_name(["visits_28d"])])
    losses = [log_losses(o.labels.churned.astype(float), o.churn[OURS]) for o in with_more if o.labels]
    (effect,) = [e for e in ablation.overall if (e.trial.group, e.trial.change) == ("frequency", IN)]
    expected = np.concatenate(losses).mean() - ablation.figures["churn log loss"].value
    assert effect.churn.value == pytest.approx(expected, abs=1e-12)
    assert effect.churn.low <= effect.churn.value <= effect.churn.high
    assert effect.tier is not None
    scopes = [e.cutoff for e in ablation.effects]
    assert scopes == [name for name in ("2020-06-20", "2020-07-20", "all") for _ in range(5)]


def test_without_a_policy_there_is_no_word_on_tiers_and_the_rest_is_registered(shop: Histories) -> None:
    said: list[str] = []
    found = run_ablation(shop, CUTOFFS[:1], **SPANS, names=["visits_182d"], say=said.append)
    (effect,) = found.effects
    assert effect.tier is None
    assert effect.cutoff == "2020-07-20"
    assert found.overall == [effect]
    assert found.reference == chosen_by_default(shop.columns, policy=False)
    assert set(found.reference) < set(available(shop.columns, policy=False)) < set(registered())
    assert [line.partition(": ")[0] for line in said] == ["2020-07-20"] * 3
    assert said[-1].endswith("1 of 1: visits_182d put in")


@pytest.mark.parametrize(
    ("cutoff", "match"),
    [
        (dt.date(2020, 8, 20), "an ablation needs known outcomes; got 2020-08-20"),
        (dt.date(2019, 8, 20), "after the log's first day"),
    ],
)
def test_a_cutoff_without_an_outcome_is_refused(shop: Histories, cutoff: dt.date, match: str) -> None:
    with pytest.raises(CutoffError, match=match):
        run_ablation(shop, [cutoff], **SPANS)


def test_an_ablation_of_nothing_is_refused(shop: Histories) -> None:
    with pytest.raises(ConfigError, match="something to leave out"):
        run_ablation(shop, CUTOFFS, **SPANS, features=REFERENCE[:1], others=[])
