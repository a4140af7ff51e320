"""How often: purchase days and orders in windows, and counts that fade with age."""

from __future__ import annotations

from typing import Final

from features.registry import Feature, Phrase, Unit

_NONE: Final = Phrase("no purchase yet", "尚无购买")


def _visits(days: int) -> Feature:
    return Feature(
        name=f"visits_{days}d",
        unit=Unit.COUNT,
        meaning=f"days with a purchase in the {days} days before the cutoff",
        compute=lambda h: h.window_sum("visits", days),
        reason=Phrase(f"{{value}} shopping days in {days} days", f"近 {days} 天有 {{value}} 个购物日"),
        absent=_NONE,
        direction=-1,
    )


def _decayed(half_life: int) -> Feature:
    return Feature(
        name=f"visits_decayed_{half_life}d",
        unit=Unit.COUNT,
        meaning=f"days with a purchase, each counting half after every {half_life} days",
        compute=lambda h: h.decayed_sum("visits", half_life),
        reason=Phrase(
            f"shopping activity of {{value}} on a {half_life}-day fade", f"以 {half_life} 天半衰计的购物活跃度为 {{value}}"
        ),
        absent=_NONE,
        direction=-1,
    )


FEATURES: Final = (
    Feature(
        name="visits_total",
        unit=Unit.COUNT,
        meaning="days with a purchase before the cutoff",
        compute=lambda h: h.window_sum("visits"),
        reason=Phrase("{value} shopping days in all", "累计 {value} 个购物日"),
        absent=_NONE,
        direction=-1,
    ),
    *(_visits(days) for days in (28, 91, 364)),
    Feature(
        name="orders_91d",
        unit=Unit.COUNT,
        meaning="orders in the 91 days before the cutoff",
        compute=lambda h: h.window_sum("orders", 91),
        reason=Phrase("{value} orders in 91 days", "近 91 天有 {value} 笔订单"),
        absent=_NONE,
        direction=-1,
    ),
    *(_decayed(half_life) for half_life in (14, 42, 126, 378)),
)
