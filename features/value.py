"""How much: spend in windows, spend that fades with age, the basket, returns."""

from __future__ import annotations

from typing import Final

from features.operators import ratio
from features.registry import Feature, Phrase, Unit

_NO_MONEY: Final = Phrase("amounts are not available", "无金额数据")
_NO_SPEND: Final = Phrase("no spend to compare with", "无可比消费")


def _spend(days: int) -> Feature:
    return Feature(
        name=f"spend_{days}d",
        unit=Unit.MONEY,
        meaning=f"gross spend in the {days} days before the cutoff",
        compute=lambda h: h.window_sum("gross", days),
        reason=Phrase(f"spent {{value}} in {days} days", f"近 {days} 天消费 {{value}}"),
        absent=_NO_MONEY,
    )


def _decayed(half_life: int) -> Feature:
    return Feature(
        name=f"spend_decayed_{half_life}d",
        unit=Unit.MONEY,
        meaning=f"gross spend, each amount counting half after every {half_life} days",
        compute=lambda h: h.decayed_sum("gross", half_life),
        reason=Phrase(f"spend of {{value}} on a {half_life}-day fade", f"以 {half_life} 天半衰计的消费为 {{value}}"),
        absent=_NO_MONEY,
    )


FEATURES: Final = (
    *(_spend(days) for days in (28, 91, 364)),
    *(_decayed(half_life) for half_life in (42, 126)),
    Feature(
        name="spend_per_order",
        unit=Unit.MONEY,
        meaning="gross spend over orders, all before the cutoff",
        compute=lambda h: ratio(h.window_sum("gross"), h.window_sum("orders")),
        reason=Phrase("spends {value} an order", "每单平均消费 {value}"),
        absent=_NO_MONEY,
    ),
    Feature(
        name="spend_last_visit",
        unit=Unit.MONEY,
        meaning="gross spend on the last purchase day",
        compute=lambda h: h.last("gross"),
        reason=Phrase("spent {value} on the last shopping day", "最近一个购物日消费 {value}"),
        absent=_NO_MONEY,
    ),
    Feature(
        name="returned_share",
        unit=Unit.SHARE,
        meaning="value returned over gross spend, all before the cutoff",
        compute=lambda h: ratio(h.window_sum("returned"), h.window_sum("gross")),
        reason=Phrase("returned {value} of what was bought", "退货金额占消费的 {value}"),
        absent=_NO_SPEND,
    ),
)
