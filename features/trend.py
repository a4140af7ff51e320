"""Which way: recent activity against the longer habit; 1 is steady, below 1 is cooling."""

from __future__ import annotations

from typing import Final

from features.operators import Floats, Panel, Value, ratio
from features.registry import Feature, Phrase, Unit


def _trend(panel: Panel, value: Value, short: int, long: int) -> Floats:
    """Faded sums per day of half-life, the short over the long."""
    return ratio(panel.decayed_sum(value, short) * long, panel.decayed_sum(value, long) * short)


FEATURES: Final = (
    Feature(
        name="visits_trend",
        unit=Unit.RATIO,
        meaning="purchase days on a 42-day fade over those on a 126-day fade, per day",
        compute=lambda h: _trend(h, "visits", 42, 126),
        reason=Phrase("recent shopping is {value} the longer habit", "近期购物频率为长期习惯的 {value}"),
        absent=Phrase("no purchase within the last seven years", "近七年无购买"),
    ),
    Feature(
        name="spend_trend",
        unit=Unit.RATIO,
        meaning="gross spend on a 42-day fade over that on a 126-day fade, per day",
        compute=lambda h: _trend(h, "gross", 42, 126),
        reason=Phrase("recent spend is {value} the longer habit", "近期消费为长期习惯的 {value}"),
        absent=Phrase("no spend to compare with", "无可比消费"),
    ),
)
