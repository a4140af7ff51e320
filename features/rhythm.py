"""When in the week, the day, the month and the year."""

from __future__ import annotations

from typing import Final

from features.feature import Feature, Phrase, Unit

_NONE: Final = Phrase("no purchase in the past year", "近一年无购买")
_NO_TIME: Final = Phrase("times of day are not available", "无时刻数据")
_NEWER: Final = Phrase("not yet a customer a year ago", "一年前尚非顾客")


def _season(value: str) -> str:
    """Sum over the horizon, 364 days earlier; NaN without a purchase before it.

    A 0 would say the same of members who stayed away and of members, or a log, of less than a year.
    """
    earlier = "total('visits', 36500, 364)"
    return f"ratio(total('{value}', 364, 364 - horizon) * {earlier}, {earlier})"


FEATURES: Final = (
    Feature(
        name="weekend_share",
        unit=Unit.SHARE,
        expression="ratio(total('weekend', 364), total('visits', 364))",
        meaning="share of the shopping days of 364 days that fell on a Saturday or Sunday",
        reason=Phrase("{value} of shopping days are on a weekend", "{value} 的购物日在周末"),
        absent=_NONE,
        default=False,
    ),
    Feature(
        name="weekday_entropy",
        unit=Unit.NATS,
        expression="entropy('weekday', 364)",
        meaning="entropy of the weekdays of the shopping days of 364 days: 0 is one weekday only, 1.95 all alike",
        reason=Phrase("shopping days are spread as over {value} weekdays", "购物日相当于均匀分布在每周 {value} 天"),
        absent=_NONE,
        default=False,
    ),
    Feature(
        name="weekday_top_share",
        unit=Unit.SHARE,
        expression="top_share('weekday', 364)",
        meaning="share of the commonest weekday among the shopping days of 364 days",
        reason=Phrase("{value} of shopping days are on the same weekday", "{value} 的购物日是每周同一天"),
        absent=_NONE,
        default=False,
    ),
    Feature(
        name="evening_share",
        unit=Unit.SHARE,
        expression="ratio(total('evening', 364), total('visits', 364))",
        meaning="share of the shopping days of 364 days whose first purchase was at 18:00 or later",
        reason=Phrase("{value} of shopping days are in the evening", "{value} 的购物日在晚间"),
        absent=_NO_TIME,
        default=False,
    ),
    Feature(
        name="month_start_share",
        unit=Unit.SHARE,
        expression="ratio(total('month_start', 364), total('visits', 364))",
        meaning="share of the shopping days of 364 days among the first seven of a month",
        reason=Phrase("{value} of shopping days are early in the month", "{value} 的购物日在月初"),
        absent=_NONE,
        default=False,
    ),
    Feature(
        name="season_visits",
        unit=Unit.COUNT,
        expression=_season("visits"),
        meaning="days with a purchase in the same season of last year: the horizon, 364 days earlier",
        reason=Phrase("{value} shopping day{s} in this season of last year", "去年同期有 {value} 个购物日"),
        absent=_NEWER,
        direction=-1,
    ),
    Feature(
        name="season_spend",
        unit=Unit.MONEY,
        expression=_season("gross"),
        meaning="gross spend in the same season of last year: the horizon, 364 days earlier",
        reason=Phrase("spent {value} in this season of last year", "去年同期消费 {value}"),
        absent=_NEWER,
    ),
)
