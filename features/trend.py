"""Which way: recent activity against the longer habit; 1 is steady, below 1 is cooling."""

from __future__ import annotations

from typing import Final

from features.feature import Feature, Phrase, Unit

FEATURES: Final = (
    Feature(
        name="visits_trend",
        unit=Unit.RATIO,
        meaning="visit_rate_42d over visit_rate_126d",
        expression="ratio(rate('visits', 42), rate('visits', 126))",
        reason=Phrase("shops {value} as often lately as in the long run", "近期购物频率为长期习惯的 {value}"),
        absent=Phrase("no purchase to compare with", "无可比购买"),
    ),
    Feature(
        name="spend_trend",
        unit=Unit.RATIO,
        meaning="spend_rate_42d over spend_rate_126d",
        expression="ratio(rate('gross', 42), rate('gross', 126))",
        reason=Phrase("spends {value} as much lately as in the long run", "近期消费为长期习惯的 {value}"),
        absent=Phrase("no spend to compare with", "无可比消费"),
    ),
    Feature(
        name="visits_halves_trend",
        unit=Unit.RATIO,
        expression="ratio(total('visits', 91), total('visits', 182, 91))",
        meaning="shopping days in the 91 days before the cutoff over those in the 91 days before that",
        reason=Phrase("shopping days are {value} those of the quarter before", "购物日数为前一季度的 {value}"),
        absent=Phrase("no purchase in the quarter before", "前一季度无购买"),
        default=False,
    ),
    Feature(
        name="spend_halves_trend",
        unit=Unit.RATIO,
        expression="ratio(total('gross', 91), total('gross', 182, 91))",
        meaning="gross spend in the 91 days before the cutoff over that in the 91 days before that",
        reason=Phrase("spend is {value} that of the quarter before", "消费为前一季度的 {value}"),
        absent=Phrase("no spend in the quarter before", "前一季度无消费"),
        default=False,
    ),
    Feature(
        name="last_visit_to_mean",
        unit=Unit.RATIO,
        expression="ratio(last('gross') * total('visits'), total('gross'))",
        meaning="gross spend on the last purchase day over the mean of all",
        reason=Phrase("the last shopping day brought {value} the usual spend", "最近一个购物日消费为平时的 {value}"),
        absent=Phrase("no spend to compare with", "无可比消费"),
        default=False,
    ),
)
