"""What is bought, where, and at what price: labels, discounts, coupons, returns."""

from __future__ import annotations

from typing import Final

from features.feature import Feature, Phrase, Unit

_NO_LABEL: Final = Phrase("no purchase with a label in the past year", "近一年无带标签的购买")
_NO_SPEND: Final = Phrase("no spend in the past year", "近一年无消费")


def _distinct(label: str, many: str, zh: str) -> Feature:
    return Feature(
        name=f"{label}_count",
        unit=Unit.COUNT,
        expression=f"distinct('{label}', 364)",
        meaning=f"different {many} bought in the 364 days before the cutoff",
        reason=Phrase(f"{{value}} different {many} in a year", f"近一年涉及 {{value}} 个{zh}"),
        absent=Phrase(f"{many} are not available", f"无{zh}数据"),
        default=False,
    )


def _entropy(label: str, many: str, zh: str) -> Feature:
    return Feature(
        name=f"{label}_entropy",
        unit=Unit.NATS,
        expression=f"entropy('{label}', 364)",
        meaning=f"entropy of the {many} bought in the 364 days before the cutoff, by days: 0 is one only",
        reason=Phrase(f"purchases spread over {many} by {{value}}", f"{zh}分散度 {{value}}"),
        absent=_NO_LABEL,
        default=False,
    )


def _top(label: str, one: str, zh: str) -> Feature:
    return Feature(
        name=f"{label}_top_share",
        unit=Unit.SHARE,
        expression=f"top_share('{label}', 364)",
        meaning=f"share of the commonest {one} in the 364 days before the cutoff, by days",
        reason=Phrase(f"buys {{value}} of the time in one {one}", f"{{value}} 的购买集中于一个{zh}"),
        absent=_NO_LABEL,
        default=False,
    )


FEATURES: Final = (
    _distinct("product", "products", "商品"),
    _distinct("category", "categories", "品类"),
    _entropy("category", "categories", "品类"),
    _top("category", "category", "品类"),
    _distinct("channel", "channels", "渠道"),
    _top("channel", "channel", "渠道"),
    _distinct("store", "stores", "门店"),
    _top("store", "store", "门店"),
    Feature(
        name="discount_share",
        unit=Unit.SHARE,
        expression="ratio(total('discount', 364), total('gross', 364) + total('discount', 364))",
        meaning="discount over the price before discount, in the 364 days before the cutoff",
        reason=Phrase("discounts of {value} on what was bought", "折扣占原价的 {value}"),
        absent=_NO_SPEND,
        default=False,
    ),
    Feature(
        name="discount_visit_share",
        unit=Unit.SHARE,
        expression="ratio(total('with_discount', 364), total('visits', 364))",
        meaning="share of the shopping days of 364 days with a discount",
        reason=Phrase("buys at a discount {value} of the time", "{value} 的购物日有折扣"),
        absent=_NO_SPEND,
        default=False,
    ),
    Feature(
        name="coupon_visit_share",
        unit=Unit.SHARE,
        expression="ratio(total('with_coupon', 364), total('visits', 364))",
        meaning="share of the shopping days of 364 days with a coupon",
        reason=Phrase("uses coupons {value} of the time", "{value} 的购物日使用优惠券"),
        absent=_NO_SPEND,
        default=False,
    ),
    Feature(
        name="returns_364d",
        unit=Unit.COUNT,
        expression="total('returns', 364)",
        meaning="days with a return in the 364 days before the cutoff",
        reason=Phrase("{value} day{s} with returns in a year", "近一年有 {value} 个退货日"),
        absent=Phrase("amounts are not available", "无金额数据"),
        default=False,
    ),
    Feature(
        name="quantity_per_order",
        unit=Unit.SCORE,
        expression="ratio(total('quantity', 364), total('orders', 364))",
        meaning="units bought over orders, in the 364 days before the cutoff",
        reason=Phrase("{value} units an order", "每单 {value} 件"),
        absent=_NO_SPEND,
        default=False,
    ),
)
