"""What the event log says: campaigns, referrals, surveys, complaints."""

from __future__ import annotations

from typing import Final

from features.feature import Feature, Phrase, Unit

_NO_EVENTS: Final = Phrase("events are not available", "无互动数据")


def _count(kind: str, days: int, reason: Phrase) -> Feature:
    return Feature(
        name=f"{kind}_{days}d",
        unit=Unit.COUNT,
        expression=f"events('{kind}', {days})",
        meaning=f"events of the kind '{kind}' in the {days} days before the cutoff",
        reason=reason,
        absent=_NO_EVENTS,
        default=False,
    )


FEATURES: Final = (
    _count("sent", 91, Phrase("{value} campaign{s} sent in 91 days", "近 91 天收到 {value} 条营销信息")),
    _count("opened", 91, Phrase("{value} campaign{s} opened in 91 days", "近 91 天打开 {value} 条营销信息")),
    _count("redeemed", 364, Phrase("{value} offer{s} redeemed in a year", "近一年兑换 {value} 次优惠")),
    Feature(
        name="opened_share",
        unit=Unit.SHARE,
        expression="ratio(events('opened', 364), events('sent', 364))",
        meaning="campaigns opened over campaigns sent, in the 364 days before the cutoff",
        reason=Phrase("opens {value} of what is sent", "营销信息打开率 {value}"),
        absent=Phrase("nothing was sent in the past year", "近一年未发送营销信息"),
        default=False,
    ),
    Feature(
        name="since_redeemed_days",
        unit=Unit.DAYS,
        expression="since_event('redeemed')",
        meaning="days from the last redeemed offer to the cutoff",
        reason=Phrase("last offer redeemed {value} ago", "距上次兑换 {value}"),
        absent=Phrase("no offer redeemed yet", "尚未兑换优惠"),
        default=False,
    ),
    _count("referral", 364, Phrase("{value} referral{s} made in a year", "近一年推荐 {value} 次")),
    _count("complaint", 364, Phrase("{value} complaint{s} in a year", "近一年投诉 {value} 次")),
    Feature(
        name="survey_score",
        unit=Unit.SCORE,
        expression="last_score('survey')",
        meaning="score of the last survey answered",
        reason=Phrase("gave a score of {value} in the last survey", "最近一次满意度评分 {value}"),
        absent=Phrase("no survey answered", "尚无满意度评分"),
        default=False,
    ),
)
