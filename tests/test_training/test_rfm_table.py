from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.rfm_table import BANDS, STRENGTH, RfmTable


def slow(columns: np.ndarray, left: np.ndarray, row: np.ndarray) -> float:
    """Walk from the base rate to the cell, one column more at a time."""
    edges = [np.unique(np.quantile(column, [0.2, 0.4, 0.6, 0.8])) for column in columns.T]
    alike, share = np.ones(len(left), bool), left.mean()
    for edge, column, value in zip(edges, columns.T, row, strict=True):
        band = sum(value > bound for bound in edge)
        alike &= np.array([sum(other > bound for bound in edge) == band for other in column])
        share = (left[alike].sum() + STRENGTH * share) / (alike.sum() + STRENGTH)
    return float(share)


@pytest.mark.parametrize("seed", range(3))
def test_cells_against_a_walk(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = rng.integers(0, 9, size=(150, 3)).astype(float)
    left = rng.random(150) < 0.3
    table = RfmTable.fit(columns, left)
    others = np.vstack([columns[:20], rng.integers(-3, 14, size=(20, 3))])
    np.testing.assert_allclose(table.predict(others), [slow(columns, left, row) for row in others])


@given(st.integers(1, 60), st.integers(0, 99))
def test_a_share_lies_between_what_was_seen_and_none_is_certain(rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    left = rng.random(rows) < 0.5
    p = RfmTable.fit(rng.random((rows, 3)), left).predict(rng.random((30, 3)))
    assert p.shape == (30,)
    if left.all() or not left.any():
        np.testing.assert_allclose(p, left.mean())
    else:
        assert ((p > 0) & (p < 1)).all()


def test_with_many_members_a_cell_says_its_own_share() -> None:
    columns = np.tile(np.arange(BANDS, dtype=float)[:, None], (20_000, 3))
    left = np.random.default_rng(0).random(len(columns)) < columns[:, 0] / 5
    p = RfmTable.fit(columns, left).predict(columns[:BANDS])
    np.testing.assert_allclose(p, np.arange(BANDS) / 5, atol=0.01)
