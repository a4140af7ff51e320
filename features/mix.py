"""What is bought, where, and at what price: labels, discounts, coupons, returns."""

from __future__ import annotations

from typing import Final

from features.feature import Feature, Phrase, Unit

_NO_LABEL: Final = Phrase("no purchase with a label in the past year", "近一年无带标签的购买")
_NONE: Final = Phrase("no purchase in the past year", "近一年无购买")
_NO_SPEND: Final = Phrase("no spend in the past year", "近一年无消费")


def _distinct(label: str, many: str, reason: Phrase, absent: str) -> Feature:
    return Feature(
        name=f"{label}_count",
        unit=Unit.COUNT,
        expression=f"distinct('{label}', 364)",
        meaning=f"different {many} bought in the 364 days before the cutoff",
        reason=reason,
        absent=Phrase(f"{many} are not available", absent),
        default=False,
    )


def _top(label: str, zh: str) -> Feature:
    return Feature(
        name=f"{label}_top_share",
        unit=Unit.SHARE,
        expression=f"top_share('{label}', 364)",
        meaning=f"share of the commonest {label} in the 364 days before the cutoff, by days",
        reason=Phrase(f"one {label} makes up {{value}} of what is bought", f"{zh}占购买的 {{value}}"),
        absent=_NO_LABEL,
        default=False,
    )


FEATURES: Final = (
    _distinct(
        "product", "products", Phrase("{value} product{s} bought in a year", "近一年购买过 {value} 种商品"), "无商品数据"
    ),
    _distinct(
        "category",
        "categories",
        Phrase("{value} product group{s} bought in a year", "近一年购买过 {value} 个品类"),
        "无品类数据",
    ),
    Feature(
        name="category_entropy",
        unit=Unit.NATS,
        expression="entropy('category', 364)",
        meaning="entropy of the categories bought in the 364 days before the cutoff, by days: 0 is one only",
        reason=Phrase("purchases are spread as over {value} categories", "购买相当于均匀分布在 {value} 个品类"),
        absent=_NO_LABEL,
        default=False,
    ),
    _top("category", "最常购买的品类"),
    _distinct(
        "channel", "channels", Phrase("{value} channel{s} used in a year", "近一年使用过 {value} 个渠道"), "无渠道数据"
    ),
    _top("channel", "最常用的渠道"),
    _distinct("store", "stores", Phrase("{value} store{s} visited in a year", "近一年到访过 {value} 家门店"), "无门店数据"),
    _top("store", "最常去的门店"),
    Feature(
        name="discount_share",
        unit=Unit.SHARE,
        expression="ratio(total('discount', 364), total('gross', 364) + total('discount', 364))",
        meaning="discount over the price before discount, in the 364 days before the cutoff",
        reason=Phrase("discounts take {value} off the price", "折扣占原价的 {value}"),
        absent=_NO_SPEND,
        default=False,
    ),
    Feature(
        name="discount_visit_share",
        unit=Unit.SHARE,
        expression="ratio(total('with_discount', 364), total('visits', 364))",
        meaning="share of the shopping days of 364 days with a discount",
        reason=Phrase("{value} of shopping days bring a discount", "{value} 的购物日有折扣"),
        absent=_NONE,
        default=False,
    ),
    Feature(
        name="coupon_visit_share",
        unit=Unit.SHARE,
        expression="ratio(total('with_coupon', 364), total('visits', 364))",
        meaning="share of the shopping days of 364 days with a coupon",
        reason=Phrase("{value} of shopping days bring a coupon", "{value} 的购物日使用优惠券"),
        absent=_NONE,
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
        reason=Phrase("{value} unit{s} an order", "每单 {value} 件"),
        absent=_NONE,
        default=False,
    ),
)
