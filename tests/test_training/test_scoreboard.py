from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from training import resampling
from training.backtest import OURS, Origin
from training.metrics import Estimate
from training.scoreboard import (
    CHANCE,
    PAIRED,
    PAIRED_AUC,
    PAIRED_MAE,
    PAIRED_PINBALL,
    Score,
    scores,
    to_text,
)


@pytest.fixture(scope="module")
def origins(small_origins: list[Origin]) -> list[Origin]:
    return small_origins


def pick(found: list[Score], cutoff: object, target: str, metric: str, model: str) -> Score:
    (score,) = [s for s in found if (s.cutoff, s.target, s.metric, s.model) == (str(cutoff), target, metric, model)]
    return score


def test_figures_against_sklearn(origins: list[Origin]) -> None:
    found = scores(origins)
    assert {score.cutoff for score in found} == {*(str(origin.cutoff) for origin in origins), "all"}
    for origin in origins:
        assert origin.labels is not None
        for model, p in origin.churn.items():
            value = pick(found, origin.cutoff, "churn", "AUC", model).estimate.value
            assert value == pytest.approx(roc_auc_score(origin.labels.churned, p))
            value = pick(found, origin.cutoff, "churn", "log loss", model).estimate.value
            assert value == pytest.approx(log_loss(origin.labels.churned, p))
        for model, p in origin.tiers.items():
            then = origin.labels.next_tier
            value = pick(found, origin.cutoff, "next tier", "log loss", model).estimate.value
            assert value == pytest.approx(log_loss(then, p, labels=range(3)))
            value = pick(found, origin.cutoff, "next tier", "accuracy", model).estimate.value
            assert value == pytest.approx(accuracy_score(then, p.argmax(axis=1)))


def test_all_cutoffs_are_pooled_by_row(origins: list[Origin]) -> None:
    y = np.concatenate([origin.labels.churned for origin in origins if origin.labels])
    p = np.concatenate([origin.churn[OURS] for origin in origins])
    value = pick(scores(origins), "all", "churn", "log loss", OURS).estimate.value
    assert value == pytest.approx(log_loss(y, p))


def test_the_paired_difference_is_of_the_losses(origins: list[Origin]) -> None:
    found = scores(origins)
    for target, rivals in [("churn", origins[0].churn), ("next tier", origins[0].tiers)]:
        for model in rivals:
            if model == OURS:
                continue
            theirs = pick(found, "all", target, "log loss", model).estimate.value
            ours = pick(found, "all", target, "log loss", OURS).estimate.value
            paired = pick(found, "all", target, PAIRED, model).estimate
            assert paired.value == pytest.approx(theirs - ours)
            assert paired.low < paired.value < paired.high
    assert not [score for score in found if score.metric == PAIRED and score.model == OURS]


def test_every_rule_is_paired_in_the_main_figures(origins: list[Origin]) -> None:
    found = scores(origins)
    for target, metric, of, sign in (
        ("churn", PAIRED_AUC, "AUC", 1),
        ("next tier", PAIRED, "log loss", -1),
        ("spend", PAIRED_MAE, "MAE", -1),
    ):
        rivals = {score.model for score in found if score.target == target} - {OURS}
        assert rivals
        for model in rivals:
            change = pick(found, "all", target, metric, model).estimate
            ours, theirs = (pick(found, "all", target, of, name).estimate.value for name in (OURS, model))
            assert change.value == pytest.approx(sign * (ours - theirs))
            assert change.low < change.value < change.high


def test_a_paired_interval_is_narrower_than_the_two_are_apart(origins: list[Origin]) -> None:
    found = scores(origins)
    change = pick(found, "all", "churn", PAIRED, "logistic RFM").estimate
    alone = pick(found, "all", "churn", "log loss", OURS).estimate
    assert change.high - change.low < alone.high - alone.low


def test_quantiles_of_spend_are_scored_where_there_are_any(origins: list[Origin]) -> None:
    metrics = {score.metric for score in scores(origins) if score.target == "spend" and score.model == "run rate"}
    assert {"MAE", "total", "pinball 0.1", "pinball 0.9", "in 80 % interval", "of it forecast", PAIRED_MAE} <= metrics
    given = [dataclasses.replace(origin, spend={OURS: origin.spend["run rate"], **origin.spend}) for origin in origins]
    better = [origin.spend["run rate"] for origin in given]
    same = [dataclasses.replace(o, spend={OURS: b, "run rate": b}) for o, b in zip(given, better, strict=True)]
    assert pick(scores(same), "all", "spend", PAIRED_PINBALL, "run rate").estimate == Estimate(0.0, 0.0, 0.0)


def test_what_is_no_number_says_why(origins: list[Origin]) -> None:
    (origin, _) = origins
    assert origin.labels is not None
    stayed = dataclasses.replace(
        origin, labels=dataclasses.replace(origin.labels, visits=np.ones(len(origin.churn[OURS]), np.int64))
    )
    score = pick(scores([stayed]), origin.cutoff, "churn", "AUC", OURS)
    assert np.isnan(score.estimate.value)
    assert score.why == "what came was all alike"
    assert score.to_dict()["value"] is None
    assert "not available" in to_text(scores([stayed]))


def test_records_are_plain(origins: list[Origin]) -> None:
    records = [score.to_dict() for score in scores(origins)]
    assert json.loads(json.dumps(records, allow_nan=False)) == records
    assert list(records[0]) == ["cutoff", "target", "metric", "model", "value", "low", "high"]


def test_by_chance_is_what_a_right_forecast_would_show(origins: list[Origin]) -> None:
    found = scores(origins)
    assert 0.0 < pick(found, "all", "churn", CHANCE, OURS).estimate.value < 0.1
    assert 0.0 < pick(found, "all", "next tier", CHANCE, OURS).estimate.value < 0.1


def test_a_million_rows_do_not_fill_the_memory(origins: list[Origin], monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of the draws one at a time give the same."""

    def numbers() -> list[tuple[float, ...]]:
        return [tuple(vars(score.estimate).values()) for score in scores(origins, resamples=7)]

    whole = numbers()
    monkeypatch.setattr(resampling, "_AT_ONCE", 1)
    np.testing.assert_allclose(numbers(), whole, rtol=1e-9, atol=1e-12)


def test_without_an_outcome_there_is_no_figure(origins: list[Origin]) -> None:
    blind = [dataclasses.replace(origin, labels=None) for origin in origins]
    assert scores(blind) == []
    assert "no outcome to score yet" in to_text([])
    assert repr(scores([blind[0], origins[1]])) == repr(scores([origins[1]]))


def test_without_tiers_churn_is_scored_alone(origins: list[Origin]) -> None:
    found = scores([dataclasses.replace(origin, tiers={}, spend={}) for origin in origins])
    assert {score.target for score in found} == {"churn"}


def test_as_a_table(origins: list[Origin]) -> None:
    text = to_text(scores(origins))
    lines = text.splitlines()
    assert lines[0] == f"churn, cutoff {origins[0].cutoff}"
    assert lines[1].split() == ["AUC", "log", "loss", "ECE", "better", "by", "AUC", "better", "by"]
    assert [line.split("  ")[1] for line in lines[2:6]] == [OURS, "base rate", "recency rule", "logistic RFM"]
    assert max(map(len, lines)) <= 140
    assert "next tier, all cutoffs" in lines
    assert f"{pick(scores(origins), 'all', 'churn', 'AUC', OURS).estimate.value:.4f} [" in text
    assert "nan" not in text
    assert all(line == line.rstrip() for line in lines)
