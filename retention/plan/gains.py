"""What each action is expected to bring for each member, in money.

A member returns within the horizon with probability r = 1 - p. Over the horizons ahead (training.worth) one who returns is
expected to bring V1, and one who does not V0: silence now is not silence for ever. An action adds Δ to r, δ to what one who
returns spends in the first horizon, and τ to the probability of keeping the tier, which is worth W. With m what is left of a
unit of spend::

    before   r V1 + (1 - r) V0
    after    (r + Δ)(V1 + m δ) + (1 - r - Δ) V0 + τ W - cost
    gain     Δ (V1 - V0) + (r + Δ) m δ + τ W - cost

``return_is_worth: everything`` puts 0 for V0: Δ x the margin expected if the member stays, so that an action which kept
everybody from leaving would bring the whole value at risk, p V1. On Complete Journey V0 is half of V1.

An effect on spend ``per_member`` has what comes of returning in it: then m x its mean stands for Δ m s + (r + Δ) m δ, where
s is what one who returns spends in the first horizon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.errors import ConfigError
from features.operators import Floats
from retention.plan.action import Action, Change, Effect, OnReturn
from retention.plan.audience import Audience
from retention.plan.catalogue import Catalogue


@dataclass(frozen=True, eq=False)
class Points:
    """(n_members,) points of return probability that an action adds, by single members, and their standard errors."""

    mean: Floats
    sd: Floats


Given = Mapping[str, Points]
"""Action id → what takes the place of the catalogue's effect on return."""
NONE: Final[Given] = {}


@dataclass(frozen=True, eq=False)
class Gains:
    """(n_members, n_actions) each, in currency but ``returns``: points of return probability; ``gain`` = saved - cost."""

    returns: Floats
    saved: Floats
    cost: Floats

    @property
    def gain(self) -> Floats:
        """What is left of what is saved."""
        return self.saved - self.cost

    def rows(self, chosen: Floats) -> Gains:
        """Of some members."""
        return Gains(self.returns[chosen], self.saved[chosen], self.cost[chosen])


def gains_of(catalogue: Catalogue, audience: Audience, given: Given = NONE) -> Gains:
    """What every action is expected to bring for every member, eligible or not.

    Raises
    ------
    ConfigError
        nobody said what is left of a unit of spend
    """
    margin = margin_share(catalogue, audience)
    columns = [gain_of(action, catalogue, audience, margin, _mean(given.get(action.id))) for action in catalogue.actions]
    returns, saved, cost = (np.column_stack(parts) for parts in zip(*columns, strict=True))
    return Gains(returns, saved, cost)


def gain_of(
    action: Action, catalogue: Catalogue, audience: Audience, margin: float, given: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """(n_members,) each: points of return probability, what is saved, and the expected cost."""
    returned = 1.0 - audience.p_churn
    added = points_gained(action.effect.on_return, audience.p_churn) if given is None else _possible(given, audience.p_churn)
    after = returned + added
    unit = margin if audience.value_of == "spend" else 1.0
    otherwise = audience.otherwise if catalogue.return_is_worth == "added" else 0.0
    saved = added * (audience.if_stays - otherwise) * unit
    spend = audience.spend
    more = np.zeros(len(audience))
    if action.effect.spend is not None:
        change = action.effect.spend
        if change.scale == "per_member":
            saved = saved + margin * (change.mean - added * spend)
            more = np.divide(change.mean - added * spend, after, out=np.zeros(len(audience)), where=after > 0)
        else:
            more = change.mean * (spend if change.scale == "relative" else np.ones(len(audience)))
            saved = saved + after * margin * more
    if action.effect.tier is not None:
        worth = np.array([catalogue.tier_is_worth.get(name, 0.0) for name in audience.tier_names] + [0.0])[audience.tier]
        keep = np.where(np.isfinite(audience.p_keep), audience.p_keep, 0.0)
        kept = np.clip(action.effect.tier.mean, -keep, 1.0 - keep)
        saved = saved + np.where(np.isfinite(audience.p_keep), kept, 0.0) * worth
    cost = action.cost.fixed + after * (action.cost.per_return + action.cost.per_spend * np.maximum(spend + more, 0.0))
    return added, saved, cost


def points_gained(change: OnReturn | None, p_churn: Floats) -> Floats:
    """(n_members,) what an effect adds to the probability of returning, which stays within [0, 1].

    >>> points_gained(OnReturn(mean=0.1), np.array([0.4, 0.05])).tolist()
    [0.1, 0.05]
    >>> points_gained(OnReturn(mean=0.5, scale="log_odds"), np.array([0.5, 0.1])).round(3).tolist()
    [0.122, 0.037]
    """
    if change is None:
        return np.zeros(len(p_churn))
    if change.scale == "points":
        return _possible(np.full(len(p_churn), change.mean), p_churn)
    # With odds o of leaving, leaving has odds o / e^mean after.
    shrunk = p_churn / (p_churn + (1.0 - p_churn) * np.exp(change.mean))
    added: Floats = p_churn - shrunk
    return added


def margin_share(catalogue: Catalogue, audience: Audience) -> float:
    """What is left of a unit of spend.

    Raises
    ------
    ConfigError
        it is needed, and nobody said it
    """
    if catalogue.margin_share is not None:
        return catalogue.margin_share
    fix = "add 'margin_share: 0.25' to the catalogue, or what is left of a unit of spend; 1 where costs are in it already"
    if audience.value_of == "spend":
        raise ConfigError("a plan weighs costs against margin", "forecasts whose values are spend", fix)
    if any(action.effect.spend is not None for action in catalogue.actions):
        raise ConfigError("an effect on spend counts by what is left of it", "no margin_share", fix)
    return 1.0


def standard_error(catalogue: Catalogue, audience: Audience, chosen: np.ndarray, given: Given = NONE) -> float:
    """The standard deviation of the sum of what is saved less its cost, from that of the effects alone.

    An action's effect is one number, uncertain for all who get it at once; effects of different actions and kinds are
    uncertain by themselves, but for spend ``per_member``: what comes of returning is in it, and the two are wrong together,
    by as much as they can be. Gains of single members are of one forest and one campaign: how their errors go together is
    not known, and all are taken to be wrong in one direction at once, which is never too narrow. Central differences of
    one standard deviation.

    Parameters
    ----------
    chosen : (n_members,) position of the action each gets, -1 for none
    given : what was planned with in place of the catalogue's effects on return
    """
    margin, total = margin_share(catalogue, audience), 0.0
    for i, action in enumerate(catalogue.actions):
        own, points = chosen == i, given.get(action.id)
        if not own.any():
            continue
        pairs = {
            name: [(_moved(action, name, change, sign * change.sd), _mean(points)) for sign in (1.0, -1.0)]
            for name, change in action.effect.parts.items()
            if change.sd > 0
        }
        if points is not None:
            pairs["return"] = [(action, points.mean + sign * points.sd) for sign in (1.0, -1.0)]
        off = {}
        for name, pair in pairs.items():
            up, down = (_sum(moved, catalogue, audience, margin, own, of_members) for moved, of_members in pair)
            off[name] = (up - down) / 2.0
        total += sum(each**2 for each in off.values())
        if action.effect.spend is not None and action.effect.spend.scale == "per_member":
            total += max(2.0 * off.get("return", 0.0) * off.get("spend", 0.0), 0.0)
    return float(np.sqrt(total))


def _mean(points: Points | None) -> Floats | None:
    return None if points is None else points.mean


def _sum(
    action: Action, catalogue: Catalogue, audience: Audience, margin: float, own: np.ndarray, given: Floats | None
) -> float:
    _, saved, cost = gain_of(action, catalogue, audience, margin, given)
    return float((saved - cost)[own].sum())


def _moved(action: Action, name: str, change: Change, by: float) -> Action:
    moved = change.model_copy(update={"mean": change.mean + by})
    field = "on_return" if name == "return" else name
    effect: Effect = action.effect.model_copy(update={field: moved})
    return action.model_copy(update={"effect": effect})


def _possible(added: Floats, p_churn: Floats) -> Floats:
    found: Floats = np.clip(added, -(1.0 - p_churn), p_churn)
    return found
