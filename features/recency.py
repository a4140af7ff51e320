"""How long ago."""

from __future__ import annotations

from typing import Final

from features.feature import Feature, Phrase, Unit

_NEVER: Final = Phrase("no purchase yet", "尚无购买")

FEATURES: Final = (
    Feature(
        name="recency_days",
        unit=Unit.DAYS,
        meaning="days from the last purchase to the cutoff",
        expression="recency()",
        reason=Phrase("last purchase {value} ago", "距上次购买 {value}"),
        absent=_NEVER,
        direction=1,
    ),
    Feature(
        name="tenure_days",
        unit=Unit.DAYS,
        meaning="days from the first purchase to the cutoff",
        expression="tenure()",
        reason=Phrase("a customer for {value}", "首次购买至今 {value}"),
        absent=_NEVER,
    ),
)
