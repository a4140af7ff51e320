from __future__ import annotations

import numpy as np
import pytest

from retention.effect.believed import Base, as_log_odds, believed, spend_learned
from retention.effect.posterior import Belief, updated

BASE = Base(0.4, 20.0)  # two in five came back, and spent 50 each


def test_points_as_log_odds() -> None:
    found = as_log_odds(Belief(0.1, 0.001), 0.4)
    np.testing.assert_allclose(found.mean, np.log(0.5 / 0.5) - np.log(0.4 / 0.6))
    np.testing.assert_allclose(found.sd, 0.001 * (found.mean / 0.1), rtol=0.01)
    assert np.isfinite(as_log_odds(Belief(0.7, 0.1), 0.4).mean)


def test_what_log_odds_of_returning_bring_in_spend() -> None:
    found = believed({"return": {"mean": 0.3, "sd": 0.01, "scale": "log_odds"}}, "spend", BASE)
    assert found is not None
    odds = 0.4 / 0.6 * np.exp(0.3)
    np.testing.assert_allclose(found.mean, 50 * (odds / (1 + odds) - 0.4))
    np.testing.assert_allclose(found.sd, np.sqrt(1.25) * 50 * 0.4 * 0.6 * 0.01)  # what is spent besides is half as uncertain


def test_spend_a_member_of_every_scale() -> None:
    returning = {"mean": 0.1, "sd": 0.02}
    assert believed({"spend": {"mean": 2, "sd": 1, "scale": "per_member"}}, "spend", BASE) == Belief(2.0, 1.0)
    assert believed({"return": returning}, "spend", BASE) == Belief(5.0, np.hypot(1.0, 0.5))
    both = believed({"return": returning, "spend": {"mean": 0.1, "sd": 0.05}}, "spend", BASE)
    assert both is not None
    np.testing.assert_allclose([both.mean, both.sd], [0.1 * 20 + 0.1 * 50, np.hypot(1.0, 1.0)])
    absolute = believed({"spend": {"mean": 3, "sd": 1, "scale": "absolute"}}, "spend", BASE)
    assert absolute == Belief(0.4 * 3, 0.4)


def test_nothing_is_believed_of_nothing() -> None:
    for key in ("return", "spend", "tier"):
        assert believed({}, key, BASE) is None
    assert believed({"return": {"mean": 0.1}}, "spend", Base(0.0, 0.0)) is None
    assert believed({"tier": {"mean": 0.1}}, "tier", BASE) == Belief(0.1, 0.0)


@pytest.mark.parametrize("prior_of_spend", [{"mean": 0.0, "sd": 0.1}, None])
def test_what_is_believed_of_spend_is_as_uncertain_as_it_is_said_to_be(prior_of_spend: dict[str, float] | None) -> None:
    """Truths drawn from the prior, campaigns from the truths: the belief after them misses by as much as it says."""
    rng, n, rate, basket = np.random.default_rng(1), 400, 0.4, 50.0
    returning = {"mean": 0.05, "sd": 0.04}
    prior = {"return": returning, **({} if prior_of_spend is None else {"spend": prior_of_spend})}
    besides = 0.1 if prior_of_spend else 0.02 / rate  # relative to spend a member
    off = []
    for _ in range(600):
        more, dearer = rng.normal(0.05, 0.04), rng.normal(0.0, besides)
        back = [rng.random(n) < p for p in (rate, np.clip(rate + more, 0.01, 0.99))]
        spent = [
            own * basket * times * rng.lognormal(-0.02, 0.2, n) for own, times in zip(back, (1, 1 + dearer), strict=True)
        ]
        shown, money = (
            Belief(float(two[1].mean() - two[0].mean()), float(np.sqrt(sum(own.var() for own in two) / n)))
            for two in (back, spent)
        )
        base = Base(float(back[0].mean()), float(spent[0].mean()))
        now = updated(Belief(0.05, 0.04), shown)
        found = spend_learned(prior, {**prior, "return": {"mean": now.mean, "sd": now.sd}}, base, shown, money)
        truth = basket * ((rate + more) * (1 + dearer) - rate)
        off.append((found.mean - truth) / found.sd)
    assert 0.9 < np.std(off) < 1.12  # 1.2 to 1.9 where returns are counted twice


def test_spend_that_is_measured_alone_or_known_a_member_is_weighed_as_a_whole() -> None:
    spent = Belief(4.0, 1.0)
    known = {"return": {"mean": 0.1, "sd": 0.02}, "spend": {"mean": 2.0, "sd": 1.0, "scale": "per_member"}}
    assert spend_learned(known, known, BASE, Belief(0.1, 0.02), spent) == updated(Belief(2.0, 1.0), spent)
    assert spend_learned({}, {}, BASE, None, spent) == spent
    assert spend_learned({}, {}, Base(0.0, 0.0), Belief(0.1, 0.02), spent) == spent
