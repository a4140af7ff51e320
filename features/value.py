"""How much: spend in windows, monthly spend that fades with age, the basket, returns."""

from __future__ import annotations

from typing import Final

from features.feature import Feature, Phrase, Unit
from features.operators import ratio

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


def _rate(half_life: int, when: Phrase) -> Feature:
    return Feature(
        name=f"spend_rate_{half_life}d",
        unit=Unit.MONEY,
        meaning=f"gross spend per 30 days, an amount's weight halving every {half_life} days",
        compute=lambda h: h.rate("gross", half_life),
        reason=Phrase(f"spends {{value}} a month {when.en}", f"{when.zh}每月消费 {{value}}"),
        absent=_NO_MONEY,
    )


FEATURES: Final = (
    *(_spend(days) for days in (28, 91, 364)),
    _rate(42, Phrase("in recent weeks", "近几周")),
    _rate(126, Phrase("in recent months", "近几个月")),
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
