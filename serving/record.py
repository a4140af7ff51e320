"""One member's forecast as a row of numbers, and that row as an answer: the same for batch, HTTP and notebooks.

A row holds, in this order: log_odds, p_churn, expected_spend, tier held, expected value, value if the member stays, value at
risk, days to the next purchase (at .1, .5 and .9), p_tier (n_tiers), needs (n_tiers), what explains (values of features and
terms), contributions (as many); NaN where something is not available, inf for days that never come.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.feature import Feature
from features.operators import Floats
from serving.reasons import Language, Reason, top_reasons
from training.forecaster import Forecaster
from training.forecasts import Forecasts
from training.terms import TERMS, Term

_HEAD = 10
DAYS = ("low", "median", "high")


@dataclass(frozen=True)
class Layout:
    """What the rows of one model mean."""

    explained: tuple[Feature | Term, ...]
    tier_names: tuple[str, ...]
    base: float
    horizon_days: int
    model_version: str
    value_of: str | None = None

    @classmethod
    def of(cls, forecaster: Forecaster, model_version: str) -> Layout:
        """The layout of a forecaster's rows."""
        policy = forecaster.settings.policy
        return cls(
            (*forecaster.features, *TERMS),
            policy.tier_names if policy else (),
            forecaster.churn.base,
            forecaster.settings.horizon_days,
            model_version,
            forecaster.margin.of if forecaster.margin else None,
        )

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return _HEAD + 2 * len(self.tier_names) + 2 * len(self.explained)

    @property
    def needs_at(self) -> int:
        """Where in a row the needs begin."""
        return _HEAD + len(self.tier_names)

    def rows(self, forecasts: Forecasts) -> Floats:
        """(n_members, width) rows of explained forecasts."""
        assert forecasts.contributions is not None
        tiers, n = len(self.tier_names), len(forecasts.table)
        out = np.full((n, self.width), np.nan)
        out[:, 0], out[:, 1] = forecasts.log_odds, forecasts.p_churn
        if forecasts.expected_spend is not None:
            out[:, 2] = forecasts.expected_spend
        if forecasts.value is not None:
            value = forecasts.value
            out[:, 4], out[:, 5], out[:, 6] = value.expected, value.if_stays, value.at_risk
        out[:, 7:_HEAD] = forecasts.next_purchase_days
        state = forecasts.table.state
        if state is not None:
            out[:, 3] = state.tier
            out[:, _HEAD + tiers : _HEAD + 2 * tiers] = state.needs
        if forecasts.p_tier is not None:
            out[:, _HEAD : _HEAD + tiers] = forecasts.p_tier
        at = _HEAD + 2 * tiers
        explained = len(self.explained)
        out[:, at : at + explained] = forecasts.explained_values
        out[:, at + explained :] = forecasts.contributions
        return out

    def reasons(self, row: Floats, *, most: int, language: Language) -> list[Reason]:
        """The features that move a row's forecast most."""
        values, contributions = self._explanation(row)
        return top_reasons(self.explained, values, contributions, most=most, language=language)

    def answer(
        self, member: Any, as_of: dt.date, row: Floats, *, reasons: int, language: Language, contributions: bool = False
    ) -> dict[str, Any]:
        """A row as plain values, ready for JSON. ``contributions`` adds all of them and the base they start from."""
        tiers = len(self.tier_names)
        p_tier, needs = row[_HEAD : _HEAD + tiers], row[_HEAD + tiers : _HEAD + 2 * tiers]
        has_tiers, forecast = not math.isnan(row[3]), len(p_tier) > 0 and not math.isnan(p_tier[0])
        answer: dict[str, Any] = {
            "customer_id": member,
            "as_of": as_of.isoformat(),
            "horizon_days": self.horizon_days,
            "model_version": self.model_version,
            "p_churn": float(row[1]),
            "temperature": 100.0 * (1.0 - float(row[1])),
            "log_odds": float(row[0]),
            "expected_spend": _there(row[2]),
            "expected_value": _there(row[4]),
            "value_at_risk": _there(row[6]),
            "value_of": self.value_of,
            "next_purchase_days": dict(zip(DAYS, (_there(days) for days in row[7:_HEAD]), strict=True)),
            "tier": self.tier_names[int(row[3])] if has_tiers else None,
            "p_next_tier": dict(zip(self.tier_names, p_tier.tolist(), strict=True)) if forecast else None,
            "needs": {
                name: None if math.isnan(need) else need for name, need in zip(self.tier_names, needs.tolist(), strict=True)
            }
            if has_tiers
            else None,
            "reasons": [vars(reason) for reason in self.reasons(row, most=reasons, language=language)],
        }
        if contributions:
            names = [part.name for part in self.explained]
            answer["base"] = self.base
            answer["contributions"] = dict(zip(names, self._explanation(row)[1].tolist(), strict=True))
        return answer

    def _explanation(self, row: Floats) -> tuple[Floats, Floats]:
        at = _HEAD + 2 * len(self.tier_names)
        return row[at : at + len(self.explained)], row[at + len(self.explained) :]


def _there(value: float) -> float | None:
    """A number, or None where it is not available or never comes."""
    return float(value) if math.isfinite(value) else None
