"""The assignment as a table for the CRM, and for measuring the effect later: one row a member of an arm.

===================  ==========================================================================================
column               meaning
===================  ==========================================================================================
customer_id          as in the forecasts
campaign             of the catalogue
as_of, horizon_days  of the forecasts
arm                  treated; hold-out: would be treated, and is kept back at random; not chosen: could be, is neither
action               id of the action to take; null in every other arm
would_be             id of the action that the plan chose, in both arms: what is compared is alike in it
channel              of the action to take
tier, stage, temperature_band, p_churn, expected_spend, value_at_risk      as in the forecasts
hold_out_share       the probability with which the member was to be kept back
cost, expected_gain  of the action to take, in currency; null in every other arm
returned_points      what it is expected to add to the probability of returning
action_name, benefit, reason, why      in words; ``reason`` as the forecasts have it
===================  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from retention.plan.plan import HELD, NOT_CHOSEN, OUT, TREATED, Plan, shares
from retention.plan.problem import NOTHING

if TYPE_CHECKING:
    import pandas as pd

_ORDER: Final = {TREATED: 0, HELD: 1, NOT_CHOSEN: 2}


def assigned(plan: Plan, language: str = "en") -> pd.DataFrame:
    """The table: those treated first, then those kept back, then those not chosen; each by what is gained, highest first."""
    import pandas as pd

    audience, arm = plan.audience, plan.arm
    gain = plan.of_choice(plan.gains.gain)
    some = np.flatnonzero(arm != OUT)
    rank = np.array([_ORDER[each] for each in arm[some].tolist()], np.int64)
    rows = some[np.lexsort((-audience.p_churn[some], -gain[some], rank))]
    actions, choice = plan.catalogue.actions, plan.choice[rows]
    treated = plan.treated[rows]

    def of(values: Sequence[str | None], own: Any = treated) -> Any:
        return pd.Series(
            [values[a] if take else None for a, take in zip(choice.tolist(), own.tolist(), strict=True)], dtype="str"
        )

    def money(values: Any) -> Any:
        return np.where(treated, plan.of_choice(values)[rows], np.nan)

    ids = [action.id for action in actions]
    names = [*audience.tier_names, None]
    why = [_why(plan, i, language) if take else None for i, take in zip(rows.tolist(), treated.tolist(), strict=True)]
    benefits = [getattr(action.benefit, language) if action.benefit else None for action in actions]
    return pd.DataFrame(
        {
            "customer_id": pd.Series(audience.ids[rows].tolist()),
            "campaign": plan.catalogue.campaign,
            "as_of": audience.as_of,
            "horizon_days": np.int32(audience.horizon_days),
            "arm": arm[rows].astype(str),
            "action": of(ids),
            "would_be": of(ids, choice != NOTHING),
            "channel": of([action.channel for action in actions]),
            "tier": pd.Series([names[tier] for tier in audience.tier[rows].tolist()], dtype="str"),
            "stage": audience.stage[rows].astype(str),
            "temperature_band": audience.band[rows].astype(str),
            "p_churn": audience.p_churn[rows],
            "expected_spend": audience.expected_spend[rows],
            "value_at_risk": audience.value_at_risk[rows],
            "hold_out_share": shares(plan.catalogue, audience)[rows],
            "cost": money(plan.gains.cost),
            "expected_gain": money(plan.gains.gain),
            "returned_points": money(plan.gains.returns),
            "action_name": of([getattr(action.name, language) for action in actions]),
            "benefit": of(benefits),
            "reason": audience.reason[rows].astype(str),
            "why": pd.Series(why, dtype="str"),
        }
    )


def _why(plan: Plan, i: int, language: str) -> str:
    """Why this action for this member, in figures."""
    action = plan.choice[i]
    returned = 1.0 - plan.audience.p_churn[i]
    after = returned + plan.gains.returns[i, action]
    saved, cost = plan.gains.saved[i, action], plan.gains.cost[i, action]
    differs = _share(returned) != _share(after)
    if language == "zh":
        chance = f"回购概率 {_share(returned)} → {_share(after)}，" if differs else ""
        return f"{chance}预计保留 {saved:,.2f}，成本 {cost:,.2f}。"
    chance = f"Returns with {_share(after)} instead of {_share(returned)}: " if differs else "Expected to bring more: "
    return f"{chance}saves {saved:,.2f} for {cost:,.2f}."


def _share(value: float) -> str:
    return f"{value:.1%}".replace("%", " %")
