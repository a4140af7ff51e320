from __future__ import annotations

import numpy as np

from retention.effect.design import adjustable, compared, numeric


def test_a_stratum_without_both_arms_is_left_out() -> None:
    treated = np.array([1, 1, 0, 0, 1, 1, 0, 1, 0, 0], bool)
    kept, stratum = compared(treated, np.array([5, 5, 5, 5, 6, 6, 6, 7, 7, 7]))
    assert kept.tolist() == [True] * 4 + [False] * 6
    assert stratum.tolist() == [0] * 4


def test_numbers_alone_are_columns() -> None:
    given = {"a": np.array([1.0, np.nan]), "b": np.array(["x", "y"], object), "c": np.array([np.nan, np.nan])}
    assert numeric(given).tolist() == [[1.0, 0.0], [1.0, 1.0]]
    assert numeric({}).shape[1] == 0


def test_few_members_and_columns_without_spread_are_not_adjusted_by() -> None:
    treated = np.arange(60) % 2 == 0
    x = np.column_stack([np.arange(60.0), np.ones(60)])
    known = adjustable(x, treated, 1)
    assert known is not None
    assert known.shape == (60, 1)
    np.testing.assert_allclose([known.mean(), known.std()], [0, 1], atol=1e-12)
    assert adjustable(x[:30], treated[:30], 1) is None
    assert adjustable(x[:, 1:], treated, 1) is None
