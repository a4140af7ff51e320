"""Numbers of purchases in the horizon, in cells, against every count by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import special

from training.gamma_gamma import GammaGamma
from training.process_counts import CELLS, RANGES, Counts
from training.process_spend import SpendGivenPurchase
from training.purchase import PurchaseProcess

processes = st.builds(
    PurchaseProcess,
    st.sampled_from(["mbg", "bg"]),
    r=st.floats(0.2, 5),
    alpha=st.floats(2, 200),
    a=st.floats(0.1, 3),
    b=st.floats(0.5, 12),
)


@given(processes, st.integers(0, 400), st.integers(1, 1_500), st.floats(0.01, 400))
@settings(max_examples=60)
def test_cells_are_a_distribution(process: PurchaseProcess, repeats: int, older: int, days: float) -> None:
    x, age = np.array([float(repeats)]), np.array([float(repeats + older)])
    counts = Counts.of(process, x, age, np.array([days]))
    middle, width, weight = counts.middle[counts.layout][0], counts.width[counts.layout][0], counts.weight[0]
    assert weight.sum() == pytest.approx(1.0)
    assert (weight >= 0).all()
    assert (width >= 1).all()
    assert (middle[weight > 0] >= 1).all()
    mean = SpendGivenPurchase(process, GammaGamma(2.0, 3.0, 10.0)).expected_count(x, age, days)[0]
    assert mean >= 1
    assert (middle * weight).sum() == pytest.approx(mean, rel=0.03)
    if counts.used[0] == RANGES:
        assert width.max() > 1
    else:
        assert counts.used[0] % 4 == 0
        assert counts.layout[0] == 0
        assert middle.tolist() == np.arange(1.0, CELLS + 1.0).tolist()
        assert weight[counts.used[0] :].sum() < 1e-9


def test_single_counts_by_the_negative_binomial() -> None:
    process, days = PurchaseProcess("mbg", 0.7, 25.0, 0.6, 3.0), 28.0
    x, age = np.array([0.0, 2.0, 9.0]), np.array([10.0, 80.0, 200.0])
    counts = Counts.of(process, x, age, np.full(3, days))
    k, tau, stays = np.arange(1.0, CELLS + 2.0), (days / (process.alpha + age))[:, None], (process.b + x + 1.0)[:, None]
    reached = special.betainc(k, process.r + x[:, None], tau / (1.0 + tau))
    reached *= np.exp(special.betaln(process.a, stays + k - 1.0) - special.betaln(process.a, stays))
    assert_allclose(counts.weight[:, :-1], (-np.diff(reached, axis=1) / reached[:, :1])[:, :-1], atol=1e-12)
    assert all(reached[row, used] < 1e-9 for row, used in enumerate(counts.used))


def test_some_rows_are_those_of_all() -> None:
    process = PurchaseProcess("mbg", 0.7, 25.0, 0.6, 3.0)
    x, age = np.array([0.0, 300.0, 2.0, 200.0]), np.array([30.0, 400.0, 90.0, 210.0])
    counts = Counts.of(process, x, age, np.full(4, 90.0))
    assert (counts.used == RANGES).tolist() == [False, True, False, True]
    rows = [3, 0, 3]
    again, some = Counts.of(process, x[rows], age[rows], np.full(3, 90.0)), counts.select(rows)
    for name in ("middle", "width"):
        assert getattr(some, name)[some.layout].tolist() == getattr(again, name)[again.layout].tolist()
    assert some.weight.tolist() == again.weight.tolist()
    assert some.used.tolist() == again.used.tolist()
