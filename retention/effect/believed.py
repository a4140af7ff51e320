"""What a catalogue believes of an action, on the scale on which a campaign measures: points, and currency a member.

A prior on another scale is taken there by what the hold-out did without the action: it came back at a rate p and spent b a
member, so m = b / p a member who came back.

=============================  =====================================  ===========================================
prior                          on the scale measured                  standard deviation
=============================  =====================================  ===========================================
return, log_odds t             expit(logit p + t) - p                 p (1 - p) sd
spend, relative r              r b, and what returning brings, d m    sqrt((b sd)² + (m sd of d)²)
spend, absolute a (returning)  a p, and what returning brings, d m    sqrt((p sd)² + (m sd of d)²)
spend, not said                what returning brings, d m             m sd of d
=============================  =====================================  ===========================================

d is what is believed of returning, in points.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from retention.effect.posterior import Belief


@dataclass(frozen=True)
class Base:
    """What members held out did: the share that came back, and currency spent a member; NaN where it is not known."""

    rate: float
    spend: float


def believed(effect: Mapping[str, Any], key: str, base: Base) -> Belief | None:
    """The prior of one key ('return', 'spend', 'tier'), as it would be measured; None where nothing is believed.

    Parameters
    ----------
    effect : an action's, as the catalogue says it

    >>> believed({"return": {"mean": 0.05, "sd": 0.02}}, "spend", Base(0.5, 20.0))
    Belief(mean=2.0, sd=0.8)
    """
    if key == "return":
        return _returning(effect, base)
    if key != "spend":
        return _said(effect.get(key))
    return _spend(effect, base)


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
