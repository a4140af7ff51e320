"""The words of a member's description, by what they say; places in braces are filled by describing.description_text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from features.feature import Phrase

WORDS: Final[Mapping[str, Phrase]] = {
    "title": Phrase(
        "Member {customer_id} on {as_of}, from what was known before that day",
        "会员 {customer_id}，{as_of}（仅用此前数据）",
    ),
    "joined": Phrase("joined", "入会"),
    "first_stands": Phrase("{day} (the first purchase: no date of joining is known)", "{day}（首次消费日，入会日未知）"),
    "unknown_joined": Phrase("not known", "未知"),
    "consent": Phrase("consent", "营销同意"),
    "consent_True": Phrase("yes", "是"),
    "consent_False": Phrase("no", "否"),
    "orders": Phrase("orders", "订单"),
    "orders_of": Phrase(
        "{orders:,} on {days:,} days, from {first} to {last}",
        "{days:,} 天共 {orders:,} 单，{first} 至 {last}",
    ),
    "orders_once": Phrase("{orders:,} on {first}", "{first} 共 {orders:,} 单"),
    "no_orders": Phrase("none yet", "尚无"),
    "spend": Phrase("spend", "消费"),
    "spend_of": Phrase(
        "{spend:,.2f}, of which {returned:,.2f} ({share:.1%}) was returned",
        "{spend:,.2f}，其中退货 {returned:,.2f}（{share:.1%}）",
    ),
    "spend_only": Phrase("{spend:,.2f}, nothing returned", "{spend:,.2f}，无退货"),
    "last_days": Phrase("last days", "最近记录"),
    "day_orders": Phrase("{orders:,} order{s}", "{orders:,} 单"),
    "days": Phrase("{days:.0f} day{s}", "{days:.0f} 天"),
    "day_return": Phrase("return", "退货"),
    "day_returned": Phrase("returned {returned:,.2f}", "退货 {returned:,.2f}"),
    "tier": Phrase("tier", "等级"),
    "tier_since": Phrase("{tier} since {day}", "{tier}，自 {day}"),
    "no_tier": Phrase("not available: it needs a tier policy and what that counts", "无数据：需要等级规则及其所计的数据"),
    "earlier": Phrase("({count} earlier changes)", "（另有 {count} 次更早变动）"),
    "keeps": Phrase("keeps it", "保级"),
    "keep_free": Phrase("nothing more is needed to hold {tier} on {by}", "无需再消费，{by} 仍为 {tier}"),
    "keep_base": Phrase("everyone holds {tier}", "所有会员均为 {tier}"),
    "keep_need": Phrase(
        "{need} more by {day} to hold {tier} on {by}; with nothing more, {lower} from {lost} on",
        "{day} 前（含当日）还需 {need}，{by} 可为 {tier}；若再无消费，{lost} 起为 {lower}",
    ),
    "lifts": Phrase("lifts it", "升级"),
    "lift_need": Phrase("{tier}: {need} more by {day}", "{tier}：{day} 前（含当日）还需 {need}"),
    "lift_free": Phrase("{tier}: nothing more is needed, it comes by {by}", "{tier}：无需再消费，{by} 前达到"),
    "lift_top": Phrase("{tier} is the highest tier", "{tier} 已是最高等级"),
    "near": Phrase(": a near miss", "（临界）"),
    "window": Phrase("standing", "会员画像"),
    "window_of": Phrase(
        "over {window_days} days: {periods} periods of {period_days}",
        "近 {window_days} 天：{periods} 期，每期 {period_days} 天",
    ),
    "stage": Phrase("ladder stage", "阶梯"),
    "stage_of": Phrase(
        "{stage}: bought in {bought} of the {periods} periods",
        "{stage}：{periods} 期中 {bought} 期有消费",
    ),
    "stage_not": Phrase("; 'advocate' is not available without an event log", "；无互动数据，不判定倡导者"),
    "class": Phrase("frequency class", "购买频率"),
    "class_of": Phrase("{word}: {rate:.2f} orders a period", "{word}：每期 {rate:.2f} 单"),
    "rfm": Phrase("RFM", "RFM"),
    "rfm_of": Phrase(
        "{scores} of 5-5-5: last purchase {days} ago, {orders}, {money}",
        "{scores}（满分 5-5-5）：{days}前最近消费，{orders}，{money}",
    ),
    "rfm_unscored": Phrase("; no bounds of spend are set", "；未设消费分档"),
    "kind_kept": Phrase("kept: ", "保级："),
    "kind_warned": Phrase("warned: ", "预警："),
    "kind_spared": Phrase("spared: ", "宽限："),
    "kind_reopened": Phrase("reopened: ", "重审："),
    "rfm_none": Phrase("not available: no purchase in the log", "无数据：无消费记录"),
    "net": Phrase("{value} net", "净额 {value}"),
    "contribution": Phrase("contribution", "贡献度"),
    "sales": Phrase("sales", "销售"),
    "profit": Phrase("profit", "利润"),
    "marginal": Phrase("extra profit of an extra unit", "边际贡献"),
    "loyalty": Phrase("loyalty", "忠诚度"),
    "repurchase_rate": Phrase("repurchase rate", "复购率"),
    "referral_rate": Phrase("referrals a period", "每期推荐"),
    "satisfaction": Phrase("satisfaction", "满意度"),
    "missing": Phrase("not available: {names}", "无数据：{names}"),
    "absent": Phrase("not available", "无数据"),
}
