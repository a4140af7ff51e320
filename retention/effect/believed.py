"""What a catalogue believes of an action beside what a campaign measures: points, and currency a member, brought together.

Either is taken to the other's scale by what the hold-out did without the action: it came back at a rate p and spent b a
member, so m = b / p a member who came back. Returns are weighed on the prior's scale: what is measured as points d is
logit(p + d) - logit(p) in log-odds, with the slope halfway for its standard error. Spend is weighed a member:

=============================  =====================================  ===========================================
prior                          a member                               standard deviation
=============================  =====================================  ===========================================
spend, relative r              r b, and what returning brings, d m    sqrt((b sd)² + (m sd of d)²)
spend, absolute a (returning)  a p, and what returning brings, d m    sqrt((p sd)² + (m sd of d)²)
spend, not said                what returning brings, d m             m sd of d
=============================  =====================================  ===========================================

d is what is believed of returning, after the campaign where that was measured too, in points: expit(logit p + t) - p of
log-odds t.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from retention.effect.posterior import Belief

_EDGE: Final = 1e-3


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

    >>> believed({"return": {"mean": 0.05, "sd": 0.02}}, "spend", Base(0.5, 20.0))
    Belief(mean=2.0, sd=0.8)
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


def _spend(effect: Mapping[str, Any], base: Base) -> Belief | None:
    said = _said(effect.get("spend"))
    scale = effect["spend"].get("scale", "relative") if said is not None else None
    if said is not None and scale == "per_member":
        return said
    if not (base.rate > 0 and math.isfinite(base.spend)):
        return None
    returning = _returning(effect, base)
    a_return = base.spend / base.rate
    mean, variance = (0.0, 0.0) if returning is None else (a_return * returning.mean, (a_return * returning.sd) ** 2)
    if said is not None:
        times = base.spend if scale == "relative" else base.rate
        mean, variance = mean + times * said.mean, variance + (times * said.sd) ** 2
    elif returning is None:
        return None
    return Belief(mean, math.sqrt(variance))


def _said(written: Any) -> Belief | None:
    if not isinstance(written, Mapping) or "mean" not in written:
        return None
    return Belief(float(written["mean"]), float(written.get("sd") or 0.0))
