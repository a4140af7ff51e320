"""Where in a member's row of numbers each of them stands."""

from __future__ import annotations

from typing import Final

from features.ladder import STAGES

HEAD: Final = (
    "log_odds",
    "p_churn",
    "expected_spend",
    "spend_low",
    "spend_high",
    "expected_value",
    "value_if_stays",
    "value_at_risk",
    "next_purchase_low",
    "next_purchase_median",
    "next_purchase_high",
    "earlier_temperature",
    "stage",
    "tier",
    "near",
    "keep_by",
    "reach_by",
    "shopping_days",
    "gap_days",
    "silence_days",
)
"""Spend is that of the horizon, from its .1 to its .9 quantile, leaving counted as nothing; a next purchase is in days by
which it has come with probability .1, .5 and .9; ``earlier_temperature`` is the temperature a horizon before; ``stage`` and
``tier`` are positions; ``near`` is one of ``NEAR``; and ``keep_by`` and ``reach_by`` are the last days, as day numbers, on
which what is lacking still keeps the tier or reaches the next; the last three are the pace (serving.forecast.pace)."""
AT: Final = {name: position for position, name in enumerate(HEAD)}
PACE: Final = slice(AT["shopping_days"], AT["silence_days"] + 1)
KEEPS, REACHES = 1, 2
"""Parts of ``near``: may lose the tier for little, may reach the next for little; 3 is both and 0 is neither."""
DAYS: Final = ("low", "median", "high")
STAGE_NAMES: Final = tuple(stage.en.replace(" ", "_") for stage in STAGES)
"""The ladder's stages as answers name them, lowest first."""
