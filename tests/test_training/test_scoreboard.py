from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest
import simulated
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from features.histories import Histories
from training.backtest import OURS, Origin, run_backtest
from training.scoreboard import PAIRED, Score, scores, to_text


@pytest.fixture(scope="module")
def origins(small: Histories) -> list[Origin]:
    older = simulated.AS_OF - dt.timedelta(days=28)
    return run_backtest(small, [older, simulated.AS_OF], **simulated.SPANS, policy=simulated.NET)


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


def test_without_an_outcome_there_is_no_figure(origins: list[Origin]) -> None:
    blind = [dataclasses.replace(origin, labels=None) for origin in origins]
    assert scores(blind) == []
    assert "no outcome to score yet" in to_text([])
    assert scores([blind[0], origins[1]]) == scores([origins[1]])


def test_without_tiers_churn_is_scored_alone(origins: list[Origin]) -> None:
    found = scores([dataclasses.replace(origin, tiers={}) for origin in origins])
    assert {score.target for score in found} == {"churn"}


def test_as_a_table(origins: list[Origin]) -> None:
    text = to_text(scores(origins))
    lines = text.splitlines()
    assert lines[0] == f"churn, cutoff {origins[0].cutoff}"
    assert lines[1].split() == ["AUC", "log", "loss", "ECE", "better", "by"]
    assert [line.split("  ")[1] for line in lines[2:6]] == [OURS, "base rate", "recency rule", "logistic RFM"]
    assert "next tier, all cutoffs" in lines
    assert f"{pick(scores(origins), 'all', 'churn', 'AUC', OURS).estimate.value:.4f} [" in text
    assert "nan" not in text
    assert all(line == line.rstrip() for line in lines)
