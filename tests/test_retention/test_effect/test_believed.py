from __future__ import annotations

import numpy as np

from retention.effect.believed import Base, as_log_odds, believed
from retention.effect.posterior import Belief

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
    np.testing.assert_allclose(found.sd, 50 * 0.4 * 0.6 * 0.01)


def test_spend_a_member_of_every_scale() -> None:
    returning = {"mean": 0.1, "sd": 0.02}
    assert believed({"spend": {"mean": 2, "sd": 1, "scale": "per_member"}}, "spend", BASE) == Belief(2.0, 1.0)
    assert believed({"return": returning}, "spend", BASE) == Belief(5.0, 1.0)
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
