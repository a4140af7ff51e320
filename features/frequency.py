"""How often: purchase days and orders in windows, and monthly rates that fade with age."""

from __future__ import annotations

from typing import Final

from features.feature import Feature, Phrase, Unit

_NONE: Final = Phrase("no purchase yet", "尚无购买")


def _visits(days: int) -> Feature:
    return Feature(
        name=f"visits_{days}d",
        unit=Unit.COUNT,
        meaning=f"days with a purchase in the {days} days before the cutoff",
        expression=f"total('visits', {days})",
        reason=Phrase(f"{{value}} shopping day{{s}} in {days} days", f"近 {days} 天有 {{value}} 个购物日"),
        absent=_NONE,
        direction=-1,
    )


def _rate(half_life: int, when: Phrase) -> Feature:
    return Feature(
        name=f"visit_rate_{half_life}d",
        unit=Unit.COUNT,
        meaning=f"days with a purchase per 30 days, a day's weight halving every {half_life} days",
        expression=f"rate('visits', {half_life})",
        reason=Phrase(f"{{value}} shopping day{{s}} a month {when.en}", f"{when.zh}每月 {{value}} 个购物日"),
        absent=_NONE,
        direction=-1,
    )


FEATURES: Final = (
    Feature(
        name="visits_total",
        unit=Unit.COUNT,
        meaning="days with a purchase before the cutoff",
        expression="total('visits')",
        reason=Phrase("{value} shopping day{s} in all", "累计 {value} 个购物日"),
        absent=_NONE,
        direction=-1,
    ),
    *(_visits(days) for days in (28, 91, 364)),
    Feature(
        name="orders_91d",
        unit=Unit.COUNT,
        meaning="orders in the 91 days before the cutoff",
        expression="total('orders', 91)",
        reason=Phrase("{value} order{s} in 91 days", "近 91 天有 {value} 笔订单"),
        absent=_NONE,
        direction=-1,
    ),
    _rate(14, Phrase("lately", "最近")),
    _rate(42, Phrase("in recent weeks", "近几周")),
    _rate(126, Phrase("in recent months", "近几个月")),
    _rate(378, Phrase("over the past year", "近一年")),
    Feature(
        name="visits_182d",
        unit=Unit.COUNT,
        expression="total('visits', 182)",
        meaning="days with a purchase in the 182 days before the cutoff",
        reason=Phrase("{value} shopping day{s} in 182 days", "近 182 天有 {value} 个购物日"),
        absent=_NONE,
        direction=-1,
        default=False,
    ),
    Feature(
        name="orders_per_visit",
        unit=Unit.COUNT,
        expression="ratio(total('orders'), total('visits'))",
        meaning="orders over days with a purchase, all before the cutoff",
        reason=Phrase("{value} order{s} on a shopping day", "每个购物日平均 {value} 笔订单"),
        absent=_NONE,
        default=False,
    ),
)
