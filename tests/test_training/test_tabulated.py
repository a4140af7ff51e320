"""Look-up tables against LightGBM, against shap, and against Shapley values enumerated from the model's dump."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ArtifactError
from features.operators import Floats
from training.tabulated import TabulatedTrees
from training.trees import _lightgbm

lightgbm = _lightgbm()


def rows(seed: int, n: int = 300, columns: int = 5) -> Floats:
    """Numbers with ties, missing values, infinities and a constant column."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, columns)).round(int(rng.integers(0, 4)))
    x[:, 1] = 3.5
    x[rng.random(x.shape) < rng.choice([0.0, 0.1, 0.4])] = np.nan
    x[rng.random(x.shape) < 0.02] = np.inf
    x[rng.random(x.shape) < 0.02] = -np.inf
    return x


def booster(seed: int, leaves: int = 8, **more: Any) -> Any:
    rng = np.random.default_rng(seed)
    x = rows(seed)
    signal = np.nan_to_num(x[:, 0], nan=1.0, posinf=3, neginf=-3) * np.where(np.isnan(x[:, 2]), -1, 1)
    y = signal + rng.normal(size=len(x)) * 0.3
    parameters = {"objective": "regression", "num_leaves": leaves, "min_data_in_leaf": 5, "verbosity": -1, "num_threads": 1}
    return lightgbm.train({**parameters, **more}, lightgbm.Dataset(x, y, params={"verbosity": -1}), 12)


def agrees(model: Any, x: Floats, bias: float = 0.25) -> None:
    trees = TabulatedTrees.one(model.model_to_string(), bias, x.shape[1])
    expected = model.predict(x, pred_contrib=True)
    np.testing.assert_allclose(trees.score(x) - bias, model.predict(x, raw_score=True), rtol=0, atol=1e-12)
    np.testing.assert_allclose(trees.contributions(x), expected[:, :-1], rtol=0, atol=1e-9)
    np.testing.assert_allclose(trees.base - bias, expected[0, -1], rtol=0, atol=1e-9)
    np.testing.assert_allclose(trees.base + trees.contributions(x).sum(axis=1), trees.score(x), rtol=0, atol=1e-9)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    leaves=st.integers(2, 8),
    monotone=st.sampled_from([None, [1, 0, -1, 0, 0], [-1, 1, 1, -1, 1]]),
    use_missing=st.booleans(),
)
def test_scores_and_contributions_are_lightgbms(
    seed: int, leaves: int, monotone: list[int] | None, use_missing: bool
) -> None:
    model = booster(seed, leaves, monotone_constraints=monotone, use_missing=use_missing)
    agrees(model, np.vstack([rows(seed), rows(seed + 1)]))
    extremes = np.array(list(itertools.product([np.nan, -np.inf, np.inf, 0.0, -0.0], repeat=2)))
    agrees(model, np.hstack([extremes, extremes, extremes[:, :1]]))


def test_a_missing_value_never_seen_in_training_is_read_as_zero() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    model = lightgbm.train(
        {"objective": "regression", "num_leaves": 4, "verbosity": -1}, lightgbm.Dataset(x, x[:, 0] + x[:, 1]), 5
    )
    trees = TabulatedTrees.one(model.model_to_string(), 0.0, 2)
    assert trees.score(np.full((1, 2), np.nan)) == trees.score(np.zeros((1, 2)))
    agrees(model, np.array([[np.nan, 1.0], [np.nan, np.nan], [-1.0, np.nan]]))


def brute_force(model: Any, x: Floats) -> Floats:
    """Shapley values of one row: every coalition, every tree, from the dump and the definition."""
    dump = [tree["tree_structure"] for tree in model.dump_model()["tree_info"]]

    def count(node: dict[str, Any]) -> float:
        return float(node.get("internal_count", node.get("leaf_count", 1)))

    def output(node: dict[str, Any], known: frozenset[int]) -> float:
        if "split_feature" not in node:
            return float(node["leaf_value"])
        left, right = node["left_child"], node["right_child"]
        if node["split_feature"] not in known:
            share = count(left) / count(node)
            return share * output(left, known) + (1 - share) * output(right, known)
        value = x[node["split_feature"]]
        if np.isnan(value) and node["missing_type"] == "NaN":
            return output(left if node["default_left"] else right, known)
        return output(left if (0.0 if np.isnan(value) else value) <= node["threshold"] else right, known)

    n = len(x)

    def worth(known: tuple[int, ...]) -> float:
        return math.fsum(output(tree, frozenset(known)) for tree in dump)

    values = np.zeros(n)
    for j in range(n):
        for size in range(n):
            for others in itertools.combinations([k for k in range(n) if k != j], size):
                weight = 1 / (n * math.comb(n - 1, size))
                values[j] += weight * (worth((*others, j)) - worth(others))
    return values


@pytest.mark.parametrize("seed", [3, 11])
def test_contributions_are_shapley_values_by_definition(seed: int) -> None:
    model, x = booster(seed), rows(seed + 5)[:8]
    found = TabulatedTrees.one(model.model_to_string(), 0.0, 5).contributions(x)
    np.testing.assert_allclose(found, [brute_force(model, row) for row in x], rtol=0, atol=1e-9)


def test_contributions_are_those_of_shap() -> None:
    from training.plots import _shap

    model, x = booster(7), rows(8)
    explainer = _shap().TreeExplainer(model)
    trees = TabulatedTrees.one(model.model_to_string(), 0.0, 5)
    np.testing.assert_allclose(trees.contributions(x), explainer.shap_values(x), rtol=0, atol=1e-9)
    np.testing.assert_allclose(trees.base, np.ravel(explainer.expected_value)[-1], rtol=0, atol=1e-9)


@given(seed=st.integers(0, 200), size=st.sampled_from([1, 2, 17, 4096, 4097, 5000]))
@settings(max_examples=12)
def test_a_row_is_answered_alike_alone_and_among_others(seed: int, size: int) -> None:
    trees = TabulatedTrees.one(booster(seed % 5).model_to_string(), -1.0, 5)
    x = rows(seed, size)
    picked = np.unique(np.linspace(0, size - 1, 20).astype(int))
    alone_score = [trees.score(x[i : i + 1])[0] for i in picked]
    alone_shap = np.vstack([trees.contributions(x[i : i + 1]) for i in picked])
    assert trees.score(x)[picked].tolist() == alone_score
    assert trees.contributions(x)[picked].tobytes() == alone_shap.tobytes()


def test_no_trees_say_the_bias() -> None:
    trees = TabulatedTrees.one("", -0.7, 3)
    assert trees.score(rows(0)[:4, :3]).tolist() == [-0.7] * 4
    assert trees.contributions(rows(0)[:4, :3]).tolist() == [[0.0] * 3] * 4
    assert (trees.base, trees.n_trees) == (-0.7, 0)


def test_no_rows_give_no_answers() -> None:
    for text in ("", booster(1).model_to_string()):
        trees = TabulatedTrees.one(text, 0.5, 5)
        assert trees.score(np.empty((0, 5))).shape == (0,)
        assert trees.contributions(np.empty((0, 5))).shape == (0, 5)


def test_trees_of_one_leaf_add_their_value() -> None:
    model = booster(2, min_gain_to_split=1e9, boost_from_average=True)
    text = model.model_to_string()
    assert "num_leaves=1\n" in text
    x = rows(3)[:10]
    trees = TabulatedTrees.one(text, 0.0, 5)
    np.testing.assert_allclose(trees.score(x), model.predict(x, raw_score=True), rtol=0, atol=1e-12)
    assert not trees.contributions(x).any()


def test_more_than_eight_leaves_are_refused() -> None:
    with pytest.raises(ArtifactError, match="at most 8 leaves; got 9"):
        TabulatedTrees.one(booster(1, leaves=9, min_data_in_leaf=1).model_to_string(), 0.0, 5)


def test_categorical_splits_are_refused() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 6, size=(400, 1)).astype(float)
    y = np.isin(x[:, 0], [1, 4]).astype(float)
    data = lightgbm.Dataset(x, y, categorical_feature=[0])
    model = lightgbm.train({"objective": "regression", "num_leaves": 4, "verbosity": -1, "min_data_per_group": 5}, data, 3)
    with pytest.raises(ArtifactError, match="categorical"):
        TabulatedTrees.one(model.model_to_string(), 0.0, 1)


def test_zero_read_as_missing_is_refused() -> None:
    with pytest.raises(ArtifactError, match="zero-as-missing"):
        TabulatedTrees.one(booster(4, zero_as_missing=True).model_to_string(), 0.0, 5)
