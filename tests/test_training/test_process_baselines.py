from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest
import simulated
from hypothesis import given
from hypothesis import strategies as st

from features.feature_table import FeatureTable, build
from features.histories import Histories
from features.operators import Panel
from features.snapshot import to_day
from training.labels import label
from training.process_baselines import Process, quantiles
from training.purchase import fit_process


@pytest.fixture(scope="module")
def known(small: Histories) -> Histories:
    return small.before(simulated.AS_OF)


@pytest.fixture(scope="module")
def table(known: Histories) -> FeatureTable:
    return build(known, [simulated.AS_OF], **simulated.SPANS, policy=simulated.NET)


@pytest.fixture(scope="module")
def process(known: Histories, table: FeatureTable) -> Process:
    return Process.fit(known, to_day(simulated.AS_OF), table)


def test_all_who_bought_before_the_cutoff_are_fitted_on(
    small_log: dict[str, list], process: Process, table: FeatureTable
) -> None:
    """Counted by hand, also those who have been silent for longer than the look-back."""
    counts = []
    for rows in small_log.values():
        days = [day for day, values in rows if values["orders"] and day < simulated.AS_OF]
        if days:
            counts.append((len(days) - 1, (days[-1] - days[0]).days, (simulated.AS_OF - days[0]).days))
    assert len(counts) > len(table)
    x, recency, age = np.array(counts, np.float64).T
    for kind, found in (("bg", process.bg), ("mbg", process.mbg)):
        again = fit_process(x, recency, age, kind=kind)  # type: ignore[arg-type]
        np.testing.assert_allclose(
            [found.r, found.alpha, found.a, found.b], [again.r, again.alpha, again.a, again.b], rtol=1e-4
        )


def test_probabilities_and_spend_agree(process: Process, table: FeatureTable) -> None:
    p = process.p_churn()
    assert list(p) == ["BG/NBD", "MBG/NBD"]
    assert all(((column > 0) & (column < 1)).all() for column in p.values())
    rows = len(table)
    assert process.exceeds(np.zeros(rows)).tolist() == [1.0] * rows
    np.testing.assert_allclose(process.exceeds(np.full(rows, 1e-9)), 1.0 - p["MBG/NBD"], atol=1e-3)
    panel = Panel(table.panel.histories, table.panel.member[:3], table.panel.cutoff[:3], table.panel.horizon_days)
    few = dataclasses.replace(process, panel=panel)
    grid = np.geomspace(1e-3, 1e5, 600)
    over = np.array([few.exceeds(np.full(3, need)) for need in grid])
    np.testing.assert_allclose(np.trapezoid(over, grid, axis=0), few.expected(), rtol=0.03)


def test_it_is_of_some_use(process: Process, table: FeatureTable, small: Histories) -> None:
    then = label(table, small)
    assert then.spend is not None
    assert process.p_churn()["MBG/NBD"].mean() == pytest.approx(then.churned.mean(), abs=0.1)
    assert np.corrcoef(process.expected(), then.spend)[0, 1] > 0.2


def test_without_amounts_there_is_no_money(visits_only: Histories) -> None:
    known = visits_only.before(simulated.AS_OF)
    bare = Process.fit(known, to_day(simulated.AS_OF), build(known, [simulated.AS_OF], **simulated.SPANS))
    assert bare.money is None
    assert len(bare.p_churn()["BG/NBD"]) > 0


def test_nobody_to_forecast(small: Histories) -> None:
    later = simulated.AS_OF + dt.timedelta(days=500)
    nobody = Process.fit(small, to_day(later), build(small, [later], **simulated.SPANS))
    assert [len(p) for p in nobody.p_churn().values()] == [0, 0]
    assert len(nobody.expected()) == len(nobody.exceeds(np.empty(0))) == 0


@given(st.lists(st.tuples(st.floats(0.0, 0.95), st.floats(0.05, 1e6)), min_size=1, max_size=6))
def test_quantiles_of_a_known_distribution(rows: list[tuple[float, float]]) -> None:
    """0 with a probability, and exponential otherwise."""
    zero, scale = np.array(rows).T
    levels = (0.1, 0.5, 0.9)
    found, p_none = quantiles(lambda amount: (1 - zero) * np.exp(-amount / scale), len(rows), levels)
    np.testing.assert_allclose(p_none, zero, atol=2.1e-3)
    for i, level in enumerate(levels):
        exact = np.where(zero >= level, 0.0, -scale * np.log(np.minimum((1 - level) / (1 - zero), 1.0)))
        np.testing.assert_allclose(found[:, i], exact, atol=2e-4, rtol=1e-5)
