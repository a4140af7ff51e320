from __future__ import annotations

import numpy as np

from retention.effect.variance import apart, error, fit


def arms(rng: np.random.Generator, ratio: float, members: int = 400) -> tuple[object, ...]:
    made = []
    for scale, count in ((1.0, members), (ratio, members // 4)):
        ones = np.ones((count, 1))
        made.append(fit(scale * rng.normal(size=count), ones, ones[0], np.zeros(count, np.int64)))
    return tuple(made)


def test_equal_variances_are_pooled_and_different_ones_are_not() -> None:
    rng = np.random.default_rng(1)
    alike = [apart(*arms(rng, 1.0)) for _ in range(50)]  # type: ignore[arg-type]
    other = [apart(*arms(rng, 3.0)) for _ in range(50)]  # type: ignore[arg-type]
    assert np.mean(alike) < 0.1
    assert np.min(other) > 0.8


def test_hc2_of_columns_that_depend_on_each_other() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=60)
    y = 1.0 + x + rng.normal(size=60)
    z = np.column_stack([np.ones(60), x])
    centre = np.array([1.0, 0.3])
    one = fit(y, z, centre, np.zeros(60, np.int64))
    twice = fit(y, np.column_stack([z, x]), np.array([1.0, 0.3, 0.3]), np.zeros(60, np.int64))
    # By the textbook: (Z'Z)^-1 Z' diag(e² / (1 - h)) Z (Z'Z)^-1.
    inverse = np.linalg.inv(z.T @ z)
    slope = inverse @ z.T @ y
    rest = y - z @ slope
    h = np.array([row @ inverse @ row for row in z])
    robust = inverse @ (z.T * (rest**2 / (1 - h))) @ z @ inverse
    for found in (one, twice):
        np.testing.assert_allclose(found.value, centre @ slope)
        np.testing.assert_allclose((found.weights**2 * found.squares).sum(), centre @ robust @ centre)
        assert found.freedom == 58


def test_welchs_where_variances_differ() -> None:
    rng = np.random.default_rng(3)
    one, other = arms(rng, 6.0)
    se, freedom = error(one, other, 1)  # type: ignore[arg-type]
    parts = [float((arm.weights**2 * arm.squares).sum()) for arm in (one, other)]  # type: ignore[attr-defined]
    np.testing.assert_allclose(se, np.sqrt(sum(parts)), rtol=0.02)
    assert 99 <= freedom < 120
