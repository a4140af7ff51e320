"""What a catalogue believes of an action beside what a campaign measures: points, and currency a member, brought together.

Either is taken to the other's scale by what the hold-out did without the action: it came back at a rate p and spent b a
member, so m = b / p a member who came back. Returns are weighed on the prior's scale: what is measured as points d is
logit(p + d) - logit(p) in log-odds, with the slope halfway for its standard error. Spend is weighed a member, in two
parts, m d + e: what returning brings, and what those who return spend besides.

=============================  ======================  ==============================================
prior of spend                 e                       standard deviation of e
=============================  ======================  ==============================================
relative r                     r b                     b sd
absolute a (returning)         a p                     p sd
not said                       0                       half that of m d: a plan has counted it as nothing
=============================  ======================  ==============================================

d is what is believed of returning, in points: expit(logit p + t) - p of log-odds t.

Returning and spend are measured of the same members, and their errors go together: within an arm spend falls by m with
who does not come back, so the covariance of the two differences is m times the variance of that in returning. What is left
of the one measured, spend - m d, has an error of its own, of variance se(spend)^2 - m^2 se(d)^2, and is what e is learned
from; d is learned from returns. To weigh the whole of spend against a belief in which those returns are already would count
them twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from retention.effect.posterior import Belief, updated

_EDGE: Final = 1e-3
_UNSAID: Final = 0.5
"""Of the uncertainty of what returning brings: that of what is spent besides, where nothing is said of it."""
_LEAST_OWN: Final = 0.01
"""Of spend's variance, at least, is not that of returning: both are estimates, and may not fit each other."""


@dataclass(frozen=True)
class Base:
    """What members held out did: the share that came back, and currency spent a member; NaN where it is not known."""

    rate: float
    spend: float


def believed(effect: Mapping[str, Any], key: str, base: Base) -> Belief | None:
    """The prior of one key ('return', 'spend', 'tier'); of spend, as it would be measured. None where nothing is believed.

    Parameters
    ----------
    effect : an action's, as the catalogue says it

    >>> believed({"return": {"mean": 0.05, "sd": 0.02}, "spend": {"mean": 0.1, "sd": 0.03}}, "spend", Base(0.5, 20.0))
    Belief(mean=4.0, sd=1.0)
    """
    return _spend(effect, base) if key == "spend" else _said(effect.get(key))


def as_log_odds(points: Belief, rate: float) -> Belief:
    """Points of a probability as log-odds at the rate without them.

    >>> found = as_log_odds(Belief(0.1, 0.02), 0.5)
    >>> round(found.mean, 4), round(found.sd, 4)
    (0.4055, 0.0808)
    """
    moved = min(max(rate + points.mean, _EDGE), 1.0 - _EDGE)
    half = (rate + moved) / 2.0
    return Belief(_logit(moved) - _logit(rate), points.sd / (half * (1.0 - half)))


def _logit(p: float) -> float:
    return math.log(p / (1.0 - p))


def _returning(effect: Mapping[str, Any], base: Base) -> Belief | None:
    said = _said(effect.get("return"))
    if said is None or effect["return"].get("scale", "points") == "points":
        return said
    p = base.rate
    if not 0 < p < 1:
        return None
    moved = 1.0 / (1.0 + (1.0 - p) / p * math.exp(-said.mean))
    return Belief(moved - p, p * (1.0 - p) * said.sd)


def spend_learned(
    prior: Mapping[str, Any], effect: Mapping[str, Any], base: Base, returned: Belief | None, spent: Belief
) -> Belief:
    """What is believed of spend a member after a campaign.

    Parameters
    ----------
    prior, effect : an action's, before the campaign and with what it has shown of returning
    returned, spent : as measured, in points and in currency a member; of returning None where that was not

    >>> before, after = ({"return": {"mean": 0.05, "sd": sd}} for sd in (0.02, 0.01))
    >>> spend_learned(before, after, Base(0.5, 20.0), Belief(0.05, 0.01), Belief(4.0, 2.0))  # 2.00 by returning
    Belief(mean=2.08, sd=0.56)
    """
    said = _said(prior.get("spend"))
    alone = said is not None and prior["spend"].get("scale", "relative") == "per_member"
    now = _returning(effect, base)
    if alone or returned is None or now is None or not _known(base):
        return updated(believed(prior, "spend", base), spent)
    a_return = base.spend / base.rate
    own = max(spent.sd**2 - (a_return * returned.sd) ** 2, _LEAST_OWN * spent.sd**2)
    rest = updated(_besides(prior, base), Belief(spent.mean - a_return * returned.mean, math.sqrt(own)))
    return Belief(a_return * now.mean + rest.mean, math.hypot(a_return * now.sd, rest.sd))


def _known(base: Base) -> bool:
    return base.rate > 0 and math.isfinite(base.spend)


def _spend(effect: Mapping[str, Any], base: Base) -> Belief | None:
    said = _said(effect.get("spend"))
    if said is not None and effect["spend"].get("scale", "relative") == "per_member":
        return said
    besides = _besides(effect, base)
    if besides is None:
        return None
    returning, a_return = _returning(effect, base) or Belief(0.0, 0.0), base.spend / base.rate
    return Belief(a_return * returning.mean + besides.mean, math.hypot(a_return * returning.sd, besides.sd))


def _besides(effect: Mapping[str, Any], base: Base) -> Belief | None:
    """What those who return are believed to spend more, a member; None where nothing is."""
    if not _known(base):
        return None
    said = _said(effect.get("spend"))
    if said is not None:
        times = base.spend if effect["spend"].get("scale", "relative") == "relative" else base.rate
        return Belief(times * said.mean, times * said.sd)
    returning = _returning(effect, base)
    return None if returning is None else Belief(0.0, _UNSAID * base.spend / base.rate * returning.sd)


def _said(written: Any) -> Belief | None:
    if not isinstance(written, Mapping) or "mean" not in written:
        return None
    return Belief(float(written["mean"]), float(written.get("sd") or 0.0))
