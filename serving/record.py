"""One member's forecast as a row of numbers, and that row as an answer: the same for batch, HTTP and notebooks.

A row holds, in this order: log_odds, p_churn, expected_spend, tier held, p_tier (n_tiers), needs (n_tiers), features
(n_features), contributions (n_features); NaN where something is not available.
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
from training.forecaster import Forecaster, Forecasts

_HEAD = 4


@dataclass(frozen=True)
class Layout:
    """What the rows of one model mean."""

    features: tuple[Feature, ...]
    tier_names: tuple[str, ...]
    base: float
    horizon_days: int
    model_version: str

    @classmethod
    def of(cls, forecaster: Forecaster, model_version: str) -> Layout:
        """The layout of a forecaster's rows."""
        policy = forecaster.settings.policy
        return cls(
            forecaster.features,
            policy.tier_names if policy else (),
            forecaster.churn.trees.base,
            forecaster.settings.horizon_days,
            model_version,
        )

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return _HEAD + 2 * len(self.tier_names) + 2 * len(self.features)

    def rows(self, forecasts: Forecasts) -> Floats:
        """(n_members, width) rows of explained forecasts."""
        assert forecasts.contributions is not None
        tiers, n = len(self.tier_names), len(forecasts.table)
        out = np.full((n, self.width), np.nan)
        out[:, 0], out[:, 1] = forecasts.log_odds, forecasts.p_churn
        if forecasts.expected_spend is not None:
            out[:, 2] = forecasts.expected_spend
        state = forecasts.table.state
        if state is not None:
            out[:, 3] = state.tier
            out[:, _HEAD + tiers : _HEAD + 2 * tiers] = state.needs
        if forecasts.p_tier is not None:
            out[:, _HEAD : _HEAD + tiers] = forecasts.p_tier
        at = _HEAD + 2 * tiers
        out[:, at : at + len(self.features)] = forecasts.table.x
        out[:, at + len(self.features) :] = forecasts.contributions
        return out

    def reasons(self, row: Floats, *, most: int, language: Language) -> list[Reason]:
        """The features that move a row's forecast most."""
        values, contributions = self._explanation(row)
        return top_reasons(self.features, values, contributions, most=most, language=language)

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
            "expected_spend": None if math.isnan(row[2]) else float(row[2]),
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
            names = [feature.name for feature in self.features]
            answer["base"] = self.base
            answer["contributions"] = dict(zip(names, self._explanation(row)[1].tolist(), strict=True))
        return answer

    def _explanation(self, row: Floats) -> tuple[Floats, Floats]:
        at = _HEAD + 2 * len(self.tier_names)
        return row[at : at + len(self.features)], row[at + len(self.features) :]
