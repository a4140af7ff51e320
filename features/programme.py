"""Where the tier policy puts a member, what carries over and what is still needed."""

from __future__ import annotations

from typing import Final

from features.feature import Feature, Phrase, Unit

_UNDEFINED: Final = Phrase("not defined under this tier policy", "该等级规则下无定义")

FEATURES: Final = (
    Feature(
        name="tier_metric",
        unit=Unit.METRIC,
        expression="tier_metric()",
        meaning="what qualifies for a tier in the tier window before the cutoff",
        reason=Phrase("{value} counts towards the tier held now", "等级周期内已累计 {value}"),
        absent=_UNDEFINED,
    ),
    Feature(
        name="tier_carry",
        unit=Unit.METRIC,
        expression="tier_carry()",
        meaning="what of it still counts at cutoff + horizon",
        reason=Phrase("{value} counts towards the next tier so far", "已有 {value} 计入下期等级"),
        absent=_UNDEFINED,
    ),
    Feature(
        name="need_to_keep",
        unit=Unit.METRIC,
        expression="need_to_keep()",
        meaning="what is still needed in the horizon to hold the tier",
        reason=Phrase("needs {value} more to keep the tier", "保级还需 {value}"),
        absent=_UNDEFINED,
    ),
    Feature(
        name="need_to_rise",
        unit=Unit.METRIC,
        expression="need_to_rise()",
        meaning="what is needed in the horizon for the tier above, 0 at the top",
        reason=Phrase("needs {value} more to rise a tier", "升级还需 {value}"),
        absent=_UNDEFINED,
    ),
    Feature(
        name="tier",
        unit=Unit.COUNT,
        expression="tier()",
        meaning="position of the tier held, 0 being the lowest",
        reason=Phrase("holds a tier {value} step{s} above the lowest", "当前等级比最低级高 {value} 级"),
        absent=_UNDEFINED,
        default=False,
    ),
    Feature(
        name="days_to_review",
        unit=Unit.DAYS,
        expression="days_to_review()",
        meaning="days from the cutoff to the next review of tiers",
        reason=Phrase("tiers are reviewed in {value}", "距等级评定还有 {value}"),
        absent=_UNDEFINED,
        default=False,
    ),
)
