"""Which way: recent activity against the longer habit; 1 is steady, below 1 is cooling."""

from __future__ import annotations

from typing import Final

from features.feature import Feature, Phrase, Unit
from features.operators import ratio

FEATURES: Final = (
    Feature(
        name="visits_trend",
        unit=Unit.RATIO,
        meaning="visit_rate_42d over visit_rate_126d",
        compute=lambda h: ratio(h.rate("visits", 42), h.rate("visits", 126)),
        reason=Phrase("recent shopping is {value} the longer habit", "近期购物频率为长期习惯的 {value}"),
        absent=Phrase("no purchase within the last seven years", "近七年无购买"),
    ),
    Feature(
        name="spend_trend",
        unit=Unit.RATIO,
        meaning="spend_rate_42d over spend_rate_126d",
        compute=lambda h: ratio(h.rate("gross", 42), h.rate("gross", 126)),
        reason=Phrase("recent spend is {value} the longer habit", "近期消费为长期习惯的 {value}"),
        absent=Phrase("no spend to compare with", "无可比消费"),
    ),
)
