"""How much: spend in windows, monthly spend that fades with age, the basket, returns."""

from __future__ import annotations

from typing import Final

from features.feature import Feature, Phrase, Unit

_NO_MONEY: Final = Phrase("amounts are not available", "无金额数据")
_NO_SPEND: Final = Phrase("no spend to compare with", "无可比消费")
_NO_COST: Final = Phrase("costs are not available", "无成本数据")


def _spend(days: int) -> Feature:
    return Feature(
        name=f"spend_{days}d",
        unit=Unit.MONEY,
        meaning=f"gross spend in the {days} days before the cutoff",
        expression=f"total('gross', {days})",
        reason=Phrase(f"spent {{value}} in {days} days", f"近 {days} 天消费 {{value}}"),
        absent=_NO_MONEY,
    )


def _rate(half_life: int, when: Phrase) -> Feature:
    return Feature(
        name=f"spend_rate_{half_life}d",
        unit=Unit.MONEY,
        meaning=f"gross spend per 30 days, an amount's weight halving every {half_life} days",
        expression=f"rate('gross', {half_life})",
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
        expression="ratio(total('gross'), total('orders'))",
        reason=Phrase("spends {value} an order", "每单平均消费 {value}"),
        absent=_NO_MONEY,
    ),
    Feature(
        name="spend_last_visit",
        unit=Unit.MONEY,
        meaning="gross spend on the last purchase day",
        expression="last('gross')",
        reason=Phrase("spent {value} on the last shopping day", "最近一个购物日消费 {value}"),
        absent=_NO_MONEY,
    ),
    Feature(
        name="returned_share",
        unit=Unit.SHARE,
        meaning="value returned over gross spend, all before the cutoff",
        expression="ratio(total('returned'), total('gross'))",
        reason=Phrase("returned {value} of what was bought", "退货金额占消费的 {value}"),
        absent=_NO_SPEND,
    ),
    Feature(
        name="net_spend_91d",
        unit=Unit.MONEY,
        expression="total('gross', 91) - total('returned', 91)",
        meaning="gross spend less the value returned, in the 91 days before the cutoff",
        reason=Phrase("spent {value} net of returns in 91 days", "近 91 天净消费 {value}"),
        absent=_NO_MONEY,
        default=False,
    ),
    Feature(
        name="net_spend_364d",
        unit=Unit.MONEY,
        expression="total('gross', 364) - total('returned', 364)",
        meaning="gross spend less the value returned, in the 364 days before the cutoff",
        reason=Phrase("spent {value} net of returns in 364 days", "近 364 天净消费 {value}"),
        absent=_NO_MONEY,
        default=False,
    ),
    Feature(
        name="spend_total",
        unit=Unit.MONEY,
        expression="total('gross')",
        meaning="gross spend before the cutoff",
        reason=Phrase("spent {value} in all", "累计消费 {value}"),
        absent=_NO_MONEY,
        default=False,
    ),
    Feature(
        name="spend_first_visit",
        unit=Unit.MONEY,
        expression="first('gross')",
        meaning="gross spend on the first purchase day",
        reason=Phrase("spent {value} on the first shopping day", "首个购物日消费 {value}"),
        absent=_NO_MONEY,
        default=False,
    ),
    Feature(
        name="profit_91d",
        unit=Unit.MONEY,
        expression="total('gross', 91) - total('returned', 91) - total('cost', 91) + total('returned_cost', 91)",
        meaning="net spend less cost, in the 91 days before the cutoff",
        reason=Phrase("brought a profit of {value} in 91 days", "近 91 天贡献利润 {value}"),
        absent=_NO_COST,
        default=False,
    ),
    Feature(
        name="profit_364d",
        unit=Unit.MONEY,
        expression="total('gross', 364) - total('returned', 364) - total('cost', 364) + total('returned_cost', 364)",
        meaning="net spend less cost, in the 364 days before the cutoff",
        reason=Phrase("brought a profit of {value} in 364 days", "近 364 天贡献利润 {value}"),
        absent=_NO_COST,
        default=False,
    ),
    Feature(
        name="margin_share",
        unit=Unit.SHARE,
        expression="ratio(total('gross', 364) - total('cost', 364), total('gross', 364))",
        meaning="what is left of gross spend after cost, in the 364 days before the cutoff",
        reason=Phrase("a margin of {value} on what was bought", "毛利率 {value}"),
        absent=_NO_COST,
        default=False,
    ),
    Feature(
        name="points_earned_91d",
        unit=Unit.SCORE,
        expression="total('points_earned', 91)",
        meaning="points earned in the 91 days before the cutoff",
        reason=Phrase("earned {value} point{s} in 91 days", "近 91 天获得 {value} 积分"),
        absent=Phrase("points are not available", "无积分数据"),
        default=False,
    ),
    Feature(
        name="points_used_share",
        unit=Unit.SHARE,
        expression="ratio(total('points_used'), total('points_earned'))",
        meaning="points redeemed over points earned, all before the cutoff",
        reason=Phrase("redeemed {value} of the points earned", "已兑换 {value} 的积分"),
        absent=Phrase("no points earned", "尚无积分"),
        default=False,
    ),
)
