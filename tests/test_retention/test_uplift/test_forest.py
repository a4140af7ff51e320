from __future__ import annotations

import numpy as np
import pytest

from features.operators import Floats
from retention.uplift.forest import EffectForest, fit

N = 800


def _data(seed: int = 0) -> tuple[Floats, Floats, np.ndarray, Floats]:  # type: ignore[type-arg]
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, 3))
    treated = rng.random(N) < 0.4
    y = x[:, 1] + treated * (1.0 + (x[:, 0] > 0)) + rng.normal(size=N)
    return x, y, treated, np.full(N, 0.4)


def _fit(data: tuple[Floats, Floats, np.ndarray, Floats]) -> EffectForest:  # type: ignore[type-arg]
    return fit(*data, trees=40)


def test_the_effect_on_all_and_on_each() -> None:
    x, *_ = data = _data()
    forest = _fit(data)
    assert forest.average.low < 1.5 < forest.average.high
    deviation = forest.deviation(x)
    assert deviation[x[:, 0] > 0.3].mean() - deviation[x[:, 0] < -0.3].mean() > 0.5
    assert np.corrcoef(forest.own, deviation)[0, 1] > 0.7
    assert forest.own.mean() == pytest.approx(0.0, abs=1e-12)
    assert (forest.error(x) > 0).all()


def test_reasons_add_up_to_the_effect() -> None:
    x, *_ = data = _data()
    forest = _fit(data)
    added = forest.contributions(x[:20])
    total = added.sum(axis=1)
    assert np.corrcoef(forest.deviation(x[:20]), total)[0, 1] > 0.99
    assert np.abs(added).mean(axis=0).argmax() == 0


def test_the_currency_does_not_matter() -> None:
    x, y, treated, share = _data()
    one, cents = _fit((x, y, treated, share)), _fit((x, 100 * y, treated, share))
    assert cents.deviation(x) == pytest.approx(100 * one.deviation(x))
    assert (cents.average.value, cents.average.error) == pytest.approx((100 * one.average.value, 100 * one.average.error))


def test_a_row_that_every_tree_saw_is_no_gap() -> None:
    forest = fit(*_data(), trees=4)
    assert np.isfinite(forest.own).all()
    assert np.isfinite(forest.average.error)


def test_as_often_as_it_is_fitted_it_is_the_same() -> None:
    data = _data()
    assert np.array_equal(_fit(data).own, _fit(data).own)
