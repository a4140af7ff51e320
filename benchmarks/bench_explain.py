"""Scores and reasons from tables against LightGBM and shap: the same trees, the same rows, one core, one run.

Run by hand: make bench.
"""

from __future__ import annotations

import os

# Before anything that starts threads: every contender gets one core.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np

warnings.simplefilter("ignore")

import lightgbm
import shap

from training.tabulated import TabulatedTrees

ROWS, FEATURES, ROUNDS, REPEATS = 20_000, 36, 100, 5


def main() -> None:
    """Print microseconds a row, and the ratio to LightGBM's own."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, FEATURES))
    x[rng.random(x.shape) < 0.05] = np.nan
    y = (np.nansum(x[:, :5], axis=1) + rng.normal(size=ROWS) > 0).astype(float)
    parameters = {"objective": "binary", "num_leaves": 8, "verbosity": -1, "num_threads": 1, "seed": 1}
    booster = lightgbm.train(parameters, lightgbm.Dataset(x, y), num_boost_round=ROUNDS)
    began = time.perf_counter()
    tables = TabulatedTrees.one(booster.model_to_string(), 0.0, FEATURES)
    print(f"{ROUNDS} trees of 8 leaves, {FEATURES} features; tabulated in {time.perf_counter() - began:.2f} s")
    explainer = shap.TreeExplainer(booster)
    one = x[:1]
    contest("score, batch", x, {"tables": tables.score, "LightGBM": booster.predict})
    contest("score, one row", one, {"tables": tables.score, "LightGBM": booster.predict})
    reasons: dict[str, Callable[[np.ndarray], object]] = {
        "tables": tables.contributions,
        "LightGBM": lambda rows: booster.predict(rows, pred_contrib=True),
        "shap": explainer.shap_values,
    }
    contest("reasons, batch", x, reasons)
    contest("reasons, one row", one, reasons)
    error = np.abs(tables.contributions(x) - booster.predict(x, pred_contrib=True)[:, :-1]).max()
    print(f"largest difference to LightGBM's contributions: {error:.1e}")


def contest(title: str, rows: np.ndarray, contenders: dict[str, Callable[[np.ndarray], object]]) -> None:
    """Time each contender in turn, round after round."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    times = 1 if len(rows) > 1 else 200
    for _ in range(REPEATS):
        for name, call in contenders.items():
            began = time.perf_counter()
            for _ in range(times):
                call(rows)
            taken[name].append((time.perf_counter() - began) / times / len(rows) * 1e6)
    peer = statistics.median(taken["LightGBM"])
    for name, each in taken.items():
        middle = statistics.median(each)
        print(f"{title:<17} {name:<9} {middle:9.2f} µs a row   {middle / peer:6.2f} x LightGBM")


if __name__ == "__main__":
    main()
