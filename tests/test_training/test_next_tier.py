from __future__ import annotations

import numpy as np
import pytest
import simulated
from hypothesis import given
from hypothesis import strategies as st

from features.histories import Histories
from features.operators import Floats
from features.policy import TierPolicy
from features.tier_states import TierState
from features.tiers import tier_of
from training.added import AddedModel, At
from training.fit import fit_forecaster
from training.next_tier import from_needs
from training.residuals import Residuals
from training.tabulated import TabulatedTrees

NONE = TabulatedTrees.one("", 0.0, 1)
SPEND = AddedModel(NONE, NONE, Residuals.fit(np.random.default_rng(0).normal(size=2_000)), whole=False)


def policy(reach: list[int]) -> TierPolicy:
    tiers = [{"name": "T0"}, *({"name": f"T{k}", "reach": value / 10_000} for k, value in enumerate(reach, 1))]
    window = {"rolling_days": 91}
    return TierPolicy.from_dict({"programme": "P", "tiers": tiers, "metric": "spend", "window": window})


def state(carry: np.ndarray, rules: TierPolicy) -> TierState:
    """What the policy says where ``carry`` is all there is."""
    need = np.maximum(rules.thresholds[None, :] - carry[:, None], 0)
    need[:, 0] = 0
    return TierState(carry, carry, tier_of(carry, rules), tier_of(carry, rules), need)


reaches = st.lists(st.integers(1, 50_000_000), max_size=5, unique=True).map(sorted)
carries = st.lists(st.integers(-1_000_000, 60_000_000), min_size=1, max_size=6)


@given(
    reach=reaches, carry=carries, p=st.floats(0, 1), mean=st.floats(-2, 9), scale=st.floats(0.05, 3), slip=st.floats(0, 0.9)
)
def test_what_always_holds(reach: list[int], carry: list[int], p: float, mean: float, scale: float, slip: float) -> None:
    at = state(np.array(carry), policy(reach))
    n = len(carry)

    def forecast(slip: float) -> Floats:
        return from_needs(np.full(n, p), At(SPEND, np.full(n, mean), np.full(n, scale)), at, slip)

    firm, slipping = forecast(0.0), forecast(slip)
    for tiers in (firm, slipping):
        assert tiers.shape == (n, len(reach) + 1)
        assert (tiers >= 0).all()
        np.testing.assert_allclose(tiers.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    for row, (secured, own) in enumerate(zip(at.secured, firm, strict=True)):
        assert not own[:secured].any()
        # No purchase leaves the secured tier: that alone has probability p.
        assert own[secured] >= p - 1e-12
        assert slipping[row, : max(secured - 1, 0)].sum() == 0
        assert slipping[row, :secured].sum() == pytest.approx(slip if secured else 0.0)


@given(reach=reaches.filter(len), carry=carries, p=st.floats(0, 1), mean=st.floats(-2, 9), more=st.integers(1, 10_000_000))
def test_carry_and_spend_raise_tiers_and_leaving_lowers_them(
    reach: list[int], carry: list[int], p: float, mean: float, more: int
) -> None:
    rules, n = policy(reach), len(carry)

    def at_least(p: float, mean: float, carry: np.ndarray) -> Floats:
        found = from_needs(np.full(n, p), At(SPEND, np.full(n, mean), np.full(n, 0.7)), state(carry, rules), 0.0)
        return found[:, ::-1].cumsum(axis=1)[:, ::-1]

    before = at_least(p, mean, np.array(carry))
    assert (at_least(p, mean, np.array(carry) + more) >= before - 1e-12).all()
    assert (at_least(p, mean + 0.5, np.array(carry)) >= before - 1e-12).all()
    assert (at_least(p / 2, mean, np.array(carry)) >= before - 1e-12).all()


def test_against_draws_of_what_is_to_come() -> None:
    """Purchase or not, spend, carry and thresholds played through."""
    rules = policy([800_000, 2_500_000])
    carry, p, mean, scale = np.array([500_000]), 0.3, 3.5, 0.8
    found = from_needs(np.array([p]), At(SPEND, np.array([mean]), np.array([scale])), state(carry, rules), 0.0)[0]
    rng = np.random.default_rng(1)
    spend = np.where(rng.random(400_000) < p, 0.0, np.exp(mean + scale * rng.normal(size=400_000)))
    tiers = tier_of(carry[0] + (spend * 10_000).astype(np.int64), rules)
    np.testing.assert_allclose(found, np.bincount(tiers, minlength=3) / len(tiers), rtol=0, atol=0.01)


def test_no_slip_where_returns_do_not_count(small: Histories) -> None:
    fitted = fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, policy=simulated.IGNORE)
    assert fitted.forecaster.next_tier is not None
    assert fitted.forecaster.next_tier.slip == 0.0
    forecasts = fitted.forecaster.forecast(small, simulated.AS_OF)
    state = forecasts.table.state
    assert state is not None
    assert forecasts.p_tier is not None
    assert (state.secured > 0).any()
    below = np.arange(3)[None, :] < state.secured[:, None]
    assert not forecasts.p_tier[below].any()
