"""A plan in figures: by tier and action, by limit, and in all."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from retention.plan.plan import HELD, Plan

_NORMAL_975: Final = 1.959963984540054


@dataclass(frozen=True)
class Row:
    """Members who get an action and those kept back from it, with what it costs and is expected to save; None is all."""

    tier: str | None
    action: str | None
    treated: int
    held: int
    cost: float
    saved: float

    @property
    def gain(self) -> float:
        """What is saved less what it costs."""
        return self.saved - self.cost


@dataclass(frozen=True)
class Limit:
    """A limit, how much of it is used, and what one more of it would gain.

    ``kind`` is total, tier (money) or channel (members). ``price`` is net: of one more in money, 1 + ``price`` comes back;
    for a tier's budget, one more of it and of the total, where that is limited too. ``short``: something that is worth doing
    takes more than all of it, and is in no price.
    """

    kind: str
    name: str | None
    most: float
    used: float
    price: float
    short: bool = False


@dataclass(frozen=True)
class Summary:
    """``rows``: for each tier its actions after all of the tier, highest tier first, then all."""

    rows: tuple[Row, ...]
    limits: tuple[Limit, ...]

    @property
    def all(self) -> Row:
        """The whole plan."""
        return self.rows[-1]


def summarised(plan: Plan) -> Summary:
    """The figures of a plan."""
    return Summary(tuple(_rows(plan)), tuple(_limits(plan)))


def interval(plan: Plan) -> tuple[float, float]:
    """95 % of the gain, by the uncertainty of the effects alone."""
    gain, half = plan.solution.value, _NORMAL_975 * plan.standard_error
    return gain - half, gain + half


def to_json(plan: Plan) -> dict[str, Any]:
    """All figures as plain values."""
    summary, (low, high) = summarised(plan), interval(plan)
    audience, arms = plan.audience, plan.arm.tolist()
    return {
        "campaign": plan.catalogue.campaign,
        "as_of": audience.as_of.isoformat(),
        "horizon_days": audience.horizon_days,
        "members": {"all": len(audience), **{arm.replace(" ", "_").replace("-", "_"): arms.count(arm) for arm in set(arms)}},
        "cost": summary.all.cost,
        "saved": summary.all.saved,
        "gain": plan.solution.value,
        "gain_low": low,
        "gain_high": high,
        "bound": plan.solution.bound,
        "gap": plan.solution.gap,
        "by_probability_of_leaving": plan.by_risk,
        "by_value_at_risk": plan.by_value,
        "rows": [{**asdict(row), "gain": row.gain} for row in summary.rows],
        "limits": [asdict(limit) for limit in summary.limits],
        "left_out": [{"rule": e.rule, "closed": e.closed, "left_out": e.left_out} for e in plan.left_out],
    }


def _rows(plan: Plan) -> list[Row]:
    tiers = plan.audience.tier
    found: list[Row] = []
    if plan.audience.tier_names:
        # Members without a tier come last, under no name.
        for tier in (*range(len(plan.audience.tier_names) - 1, -1, -1), -1):
            name = plan.audience.tier_names[tier] if tier >= 0 else ""
            own = tiers == tier
            row = _row(plan, name, None, own)
            if row.treated or row.held:
                found.append(row)
                parts = [_row(plan, name, a, own & (plan.choice == a)) for a in range(len(plan.catalogue.actions))]
                found += [part for part in parts if part.treated or part.held]
    else:
        parts = [_row(plan, None, a, plan.choice == a) for a in range(len(plan.catalogue.actions))]
        found += [part for part in parts if part.treated or part.held]
    return [*found, _row(plan, None, None, np.ones(len(tiers), bool))]


def _row(plan: Plan, tier: str | None, action: int | None, own: npt.NDArray[np.bool_]) -> Row:
    treated = own & plan.treated
    cost, saved = (float(plan.of_choice(values)[treated].sum()) for values in (plan.gains.cost, plan.gains.saved))
    name = None if action is None else plan.catalogue.actions[action].id
    return Row(tier, name, int(treated.sum()), int((own & (plan.arm == HELD)).sum()), cost, saved)


def _limits(plan: Plan) -> list[Limit]:
    problem = plan.problem
    used, limits, prices = problem.used(plan.solution.choice), problem.limits, plan.solution.prices.copy()
    short = problem.short()
    # More for a tier that has enough goes nowhere, however short the total is.
    tiers = problem.group_budgets
    prices[1 : 1 + len(tiers)] = np.where(prices[1 : 1 + len(tiers)] > 0, prices[1 : 1 + len(tiers)] + prices[0], 0.0)
    names: list[tuple[str, str | None]] = [("total", None)]
    names += [("tier", name) for name in (*plan.audience.tier_names, "")]
    names += [("channel", name) for name in plan.catalogue.channels]
    return [
        Limit(kind, name, float(limits[i]), float(used[i]), float(prices[i]), bool(short[i]))
        for i, (kind, name) in enumerate(names)
        if np.isfinite(limits[i])
    ]
