from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_info, threadpool_limits

from features.operators import Floats, Integers
from training import trees
from training.churn import probability
from training.learning import Learning
from training.tabulated import TabulatedTrees
from training.trees import Boosted, boost, boost_from_mean


def draw(seed: int, n: int = 600, columns: int = 4) -> tuple[Floats, Integers, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, columns)), np.arange(n) // 3, rng


def classes(seed: int, n: int = 600) -> tuple[Floats, Floats, Integers]:
    x, member, rng = draw(seed, n)
    return x, (rng.random(n) < probability(2.0 * x[:, 0])).astype(float), member


def test_a_signal_is_found_and_small() -> None:
    x, y, member = classes(0)
    fitted, bias = boost_from_mean(x, y, member, objective="binary")
    assert fitted.rounds > 0
    assert log_loss(y, probability(fitted.held_out)) < 0.9 * log_loss(y, np.full(len(y), y.mean()))
    tabulated = TabulatedTrees.one(fitted.text, bias, x.shape[1])  # at most 8 leaves, numbers only
    assert tabulated.n_trees == fitted.rounds
    assert log_loss(y, probability(tabulated.score(x))) < log_loss(y, probability(fitted.held_out))


def test_held_out_scores_never_saw_their_member() -> None:
    """A member's label that cannot be known from its features moves no held-out score of its own."""
    x, y, member = classes(1)
    fitted, _ = boost_from_mean(x, y, member, objective="binary")
    ids = np.repeat(np.random.default_rng(2).normal(size=200), 3)  # a fingerprint of the member
    told, _ = boost_from_mean(np.column_stack([x[:, 1:], ids]), np.repeat(y[::3], 3), member, objective="binary")
    assert log_loss(np.repeat(y[::3], 3), probability(told.held_out)) > 0.9 * np.log(2)
    assert fitted.held_out.shape == y.shape


@pytest.mark.parametrize("objective", ["binary", "regression"])
def test_noise_mostly_gives_no_rounds_and_never_many(objective: str) -> None:
    rounds = []
    for seed in range(20):
        x, member, rng = draw(seed, 150)
        y = (rng.random(150) < 0.3).astype(float) if objective == "binary" else rng.normal(size=150)
        rounds.append(boost_from_mean(x, y, member, objective=objective)[0].rounds)  # type: ignore[arg-type]
    assert np.mean(np.array(rounds) > 0) <= 0.25
    assert max(rounds) <= 20


@pytest.mark.parametrize(
    ("rows", "members", "label"),
    [(59, 59, None), (300, 3, None), (300, 300, 0.0), (300, 300, 1.0), (0, 0, None), (1, 1, 1.0)],
    ids=["too few rows", "too few members", "none left", "all left", "no rows", "one row"],
)
def test_no_rounds_where_nothing_can_be_learned(rows: int, members: int, label: float | None) -> None:
    x, y, _ = classes(3, rows)
    y = y if label is None else np.full(rows, label)
    fitted, bias = boost_from_mean(x, y, np.arange(rows) % max(members, 1), objective="binary")
    assert (fitted.text, fitted.rounds) == ("", 0)
    assert fitted.held_out.tolist() == [bias] * rows
    assert 0.0 < probability(np.array([bias]))[0] < 1.0
    assert probability(np.array([bias]))[0] == pytest.approx((y.sum() + 0.5) / (rows + 1))


def test_a_constant_number_is_said_without_trees() -> None:
    x, member, _ = draw(4)
    fitted, bias = boost_from_mean(x, np.full(len(x), 2.5), member, objective="regression")
    assert (fitted.rounds, bias) == (0, 2.5)
    assert boost_from_mean(x[:0], np.empty(0), member[:0], objective="regression")[1] == 0.0


@pytest.mark.parametrize("objective", ["binary", "regression"])
def test_the_same_twice_and_on_any_number_of_threads(objective: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, member = classes(5, 240)
    y = y if objective == "binary" else y + x[:, 1]

    def fitted() -> Boosted:
        return boost(x, y, member, np.zeros(len(y)), objective=objective)  # type: ignore[arg-type]

    once, twice = fitted(), fitted()
    assert (once.text, once.rounds) == (twice.text, twice.rounds)
    assert once.held_out.tobytes() == twice.held_out.tobytes()
    monkeypatch.setattr(trees, "_PARALLEL_FROM_ROWS", 0)
    with threadpool_limits(3, user_api="openmp"):
        assert 3 in {library["num_threads"] for library in threadpool_info() if library["user_api"] == "openmp"}
        parallel = fitted()
    assert once.held_out.tobytes() == parallel.held_out.tobytes()
    assert once.text.partition("\nparameters:")[0] == parallel.text.partition("\nparameters:")[0]


@settings(max_examples=8)
@given(seed=st.integers(0, 500), directions=st.tuples(*[st.sampled_from([-1, 0, 1])] * 4))
def test_directions_are_kept(seed: int, directions: tuple[int, ...]) -> None:
    x, member, rng = draw(seed)
    y = (rng.random(len(x)) < probability(2.0 * x[:, 0] - 2.0 * x[:, 1] + np.sin(3 * x[:, 2]))).astype(float)
    fitted = boost(x, y, member, np.zeros(len(y)), objective="binary", directions=directions)
    model = TabulatedTrees.one(fitted.text, 0.0, 4)
    for column, direction in enumerate(directions):
        moved = x.copy()
        moved[:, column] += rng.exponential(1.0, len(x))
        assert (direction * (model.score(moved) - model.score(x)) >= 0).all()


def test_without_directions_the_signal_is_followed_either_way() -> None:
    x, y, member = classes(6)
    fitted, bias = boost_from_mean(x, y, member, objective="binary")
    model = TabulatedTrees.one(fitted.text, bias, 4)
    low, high = np.zeros((1, 4)), np.zeros((1, 4))
    low[0, 0], high[0, 0] = -2.0, 2.0
    assert model.score(high)[0] > model.score(low)[0] + 1.0


def test_missing_values_are_taken_as_they_are() -> None:
    x, y, member = classes(7)
    x[::2, 0] = np.nan
    fitted, bias = boost_from_mean(x, y, member, objective="binary")
    assert fitted.rounds > 0
    assert np.isfinite(TabulatedTrees.one(fitted.text, bias, 4).score(np.full((1, 4), np.nan))).all()


def test_trees_are_added_to_what_is_forecast_without_them() -> None:
    """From a start that knows all there is, nothing is added; from one that knows half, the other half is."""
    x, member, rng = draw(8, 900)
    known, unknown = 2.0 * x[:, 0], 2.0 * x[:, 1]
    y = (rng.random(900) < probability(known + unknown)).astype(float)
    all_known = boost(x, y, member, known + unknown, objective="binary")
    assert all_known.rounds == 0
    assert all_known.held_out.tobytes() == (known + unknown).tobytes()
    half = boost(x, y, member, known, objective="binary")
    added = TabulatedTrees.one(half.text, 0.0, 4).score(x)
    assert np.corrcoef(added, unknown)[0, 1] > 0.8
    assert abs(np.corrcoef(added, known)[0, 1]) < 0.3
    assert log_loss(y, probability(half.held_out)) < log_loss(y, probability(known))


def test_learning_settings_have_effect() -> None:
    x, member, rng = draw(9)
    y = np.sin(2.0 * x[:, 0]) + x[:, 1] + 0.5 * rng.normal(size=len(x))

    def sections(**settings: float) -> list[str]:
        learning = Learning.from_dict(settings)
        fitted, _ = boost_from_mean(x, y, member, objective="regression", learning=learning)
        return fitted.text.split("Tree=")[1:]

    def leaves(trees: list[str]) -> list[int]:
        return [int(tree.partition("num_leaves=")[2].split()[0]) for tree in trees]

    def counts(trees: list[str]) -> list[int]:
        return [int(count) for tree in trees for count in tree.partition("leaf_count=")[2].splitlines()[0].split()]

    def steepest(trees: list[str]) -> float:
        return max(abs(float(v)) for v in trees[0].partition("leaf_value=")[2].splitlines()[0].split())

    usual = sections()
    assert max(leaves(usual)) == Learning().leaves
    assert set(leaves(sections(leaves=2))) == {2}
    assert max(leaves(sections(leaves=8))) == 8
    assert len(sections(max_rounds=3)) <= 3 < len(usual)
    assert min(counts(usual)) < 100 <= min(counts(sections(min_rows_a_leaf=100)))
    assert steepest(sections(l2=500.0)) < 0.5 * steepest(usual)
    assert steepest(sections(learning_rate=0.01)) == pytest.approx(0.1 * steepest(usual), rel=0.02)
    assert len(sections(learning_rate=0.3)) < len(usual) < len(sections(learning_rate=0.03))
