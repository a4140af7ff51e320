from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from features.operators import Floats
from training.ranking import BINS, Ranked, equal_bins

probabilities = st.one_of(st.floats(0.001, 0.999), st.sampled_from([0.1, 0.5, 0.5, 0.9]))  # ties among them
rows = st.lists(st.tuples(st.sampled_from([0.0, 1.0]), probabilities, st.integers(0, 4)), min_size=2, max_size=60)


def columns(found: list[tuple[float, float, int]]) -> tuple[Floats, Floats, Floats]:
    y, p, weight = np.array(found, np.float64).T
    return y, p, weight


def of(y: Floats, p: Floats, weight: Floats) -> dict[str, float]:
    """Figures with a weight a row: each row is a member of its own."""
    figures = Ranked(y, p, np.arange(len(y)))(weight.astype(np.int32)[None, :])
    return {name: float(value[0]) for name, value in figures.items()}


@given(rows)
def test_areas_against_sklearn_with_ties_and_weights(found: list[tuple[float, float, int]]) -> None:
    y, p, weight = columns(found)
    assume(weight[y > 0].sum() and weight[y <= 0].sum())
    mine = of(y, p, weight)
    assert mine["AUC"] == pytest.approx(roc_auc_score(y, p, sample_weight=weight))
    assert mine["PR AUC"] == pytest.approx(average_precision_score(y, p, sample_weight=weight))


@given(rows)
def test_weights_are_repetitions(found: list[tuple[float, float, int]]) -> None:
    y, p, weight = columns(found)
    assume(weight[y > 0].sum() and weight[y <= 0].sum())
    again = np.repeat(np.arange(len(y)), weight.astype(int))
    mine, theirs = of(y, p, weight), of(y[again], p[again], np.ones(len(again)))
    for name in set(mine) - {"ECE"}:  # its bins are those of the rows as they are
        assert mine[name] == pytest.approx(theirs[name]), name


@given(rows)
def test_lift_against_a_list_in_order(found: list[tuple[float, float, int]]) -> None:
    """A run of ties is a mixture: of its members, each is called with the same chance."""
    y, p, _ = columns(found)
    assume(y.any())
    mine = of(y, p, np.ones(len(y)))
    for share in (0.05, 0.1, 0.2):
        left, reached = share * len(y), 0.0
        for value in np.unique(p)[::-1]:
            run = y[p == value]
            called = min(left, len(run))
            reached += called * run.mean()
            left -= called
        assert mine[f"lift {share * 100:g} %"] == pytest.approx(reached / y.sum() / share)


@given(rows)
def test_calibration_error_against_a_loop_over_bins(found: list[tuple[float, float, int]]) -> None:
    y, p, weight = columns(found)
    assume(weight.sum())
    order = np.argsort(-p, kind="stable")
    edges = equal_bins(p[order])
    off = 0.0
    for start, stop in itertools.pairwise(edges):
        part = order[start:stop]
        off += abs((weight[part] * (y[part] - p[part])).sum())
    assert of(y, p, weight)["ECE"] == pytest.approx(off / weight.sum())


@given(rows)
def test_bins_hold_everything_once_and_never_part_what_is_equal(found: list[tuple[float, float, int]]) -> None:
    ordered = np.sort(columns(found)[1])
    edges = equal_bins(ordered)
    assert edges[0] == 0
    assert edges[-1] == len(ordered)
    assert (np.diff(edges) > 0).all()
    assert len(edges) <= BINS + 1
    inner = edges[1:-1]
    assert (ordered[inner - 1] < ordered[inner]).all()
    if len(np.unique(ordered)) == len(ordered) >= BINS:
        assert np.ptp(np.diff(edges)) <= 1


def test_nothing_to_rank() -> None:
    nobody = Ranked(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))(np.ones((2, 3), np.int32))
    assert all(np.isnan(values).all() and values.shape == (2,) for values in nobody.values())
    stayed = of(np.zeros(4), np.linspace(0, 1, 4), np.ones(4))
    assert np.isnan([stayed["AUC"], stayed["PR AUC"], stayed["lift 5 %"]]).all()
    assert stayed["ECE"] == pytest.approx(0.5)


def test_gain_ends_at_everything_and_is_in_proportion_within_ties() -> None:
    ranked = Ranked(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.2, 0.2, 0.1]), np.arange(4))
    found = ranked.gain(np.ones((1, 4), np.int32), np.array([0.25, 0.5, 0.75, 1.0]))
    np.testing.assert_allclose(found[:, 0], [0.5, 0.75, 1.0, 1.0])


def test_rows_of_a_member_share_its_weight() -> None:
    y, p = np.array([1.0, 0.0, 0.0, 1.0]), np.array([0.4, 0.6, 0.3, 0.2])
    found = Ranked(y, p, np.array([0, 0, 1, 1]))(np.array([[1, 1], [2, 0]], np.int32))["AUC"]
    assert found.tolist() == [roc_auc_score(y, p), 0.0]
