from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from features.errors import ConfigError
from retention.effect.posterior import Belief, updated

beliefs = st.builds(Belief, st.floats(-1, 1), st.floats(0.01, 2))


def test_it_is_the_product_of_the_densities() -> None:
    x = np.linspace(-3, 3, 60_001)
    density = stats.norm(0.1, 0.2).pdf(x) * stats.norm(0.5, 0.3).pdf(x)
    density /= density.sum()
    mean = (x * density).sum()
    found = updated(Belief(0.1, 0.2), Belief(0.5, 0.3))
    np.testing.assert_allclose([found.mean, found.sd], [mean, np.sqrt(((x - mean) ** 2 * density).sum())], rtol=1e-6)


@given(beliefs, beliefs, beliefs)
def test_it_lies_between_is_surer_than_either_and_knows_no_order(prior: Belief, one: Belief, other: Belief) -> None:
    found = updated(prior, one)
    assert min(prior.mean, one.mean) - 1e-9 <= found.mean <= max(prior.mean, one.mean) + 1e-9
    assert found.sd <= min(prior.sd, one.sd)
    both, back = updated(updated(prior, one), other), updated(updated(prior, other), one)
    np.testing.assert_allclose([both.mean, both.sd], [back.mean, back.sd], atol=1e-9)


def test_without_a_prior_or_a_measurement() -> None:
    assert updated(None, Belief(0.1, 0.2)) == updated(Belief(0.9, 0.0), Belief(0.1, 0.2)) == Belief(0.1, 0.2)
    with pytest.raises(ConfigError, match="standard error"):
        updated(None, Belief(0.1, 0.0))
