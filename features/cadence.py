"""The rhythm of coming back: gaps between purchase days, and today's silence against them."""

from __future__ import annotations

from typing import Final

from features.feature import Feature, Phrase, Unit

_ONCE: Final = Phrase("only one shopping day so far", "目前只有一个购物日")
_NO_LONGER: Final = Phrase("never silent for this long before", "此前从未沉默这么久")


FEATURES: Final = (
    Feature(
        name="gap_last_days",
        unit=Unit.DAYS,
        meaning="days between the last two purchase days",
        expression="last_gap()",
        reason=Phrase("{value} between the last two purchases", "最近两次购买间隔 {value}"),
        absent=_ONCE,
    ),
    Feature(
        name="gap_mean_days",
        unit=Unit.DAYS,
        meaning="mean days between purchase days",
        expression="gap_mean()",
        reason=Phrase("{value} between purchases on average", "平均每 {value}购买一次"),
        absent=_ONCE,
    ),
    Feature(
        name="gap_sd_days",
        unit=Unit.DAYS,
        meaning="population standard deviation of the days between purchase days",
        expression="gap_sd()",
        reason=Phrase("purchase gaps vary by {value}", "购买间隔波动 {value}"),
        absent=_ONCE,
    ),
    Feature(
        name="gap_median_days",
        unit=Unit.DAYS,
        meaning="median days between purchase days",
        expression="gap_quantile(0.5)",
        reason=Phrase("usually {value} between purchases", "通常每 {value}购买一次"),
        absent=_ONCE,
    ),
    Feature(
        name="gap_p90_days",
        unit=Unit.DAYS,
        meaning="90 % quantile of the days between purchase days",
        expression="gap_quantile(0.9)",
        reason=Phrase("nine in ten purchase gaps are within {value}", "九成购买间隔不超过 {value}"),
        absent=_ONCE,
    ),
    Feature(
        name="gap_max_days",
        unit=Unit.DAYS,
        meaning="longest gap between purchase days",
        expression="gap_quantile(1.0)",
        reason=Phrase("longest past silence was {value}", "过去最长沉默 {value}"),
        absent=_ONCE,
    ),
    Feature(
        name="silence_to_median_gap",
        unit=Unit.RATIO,
        meaning="recency over the median gap",
        expression="ratio(recency(), gap_quantile(0.5))",
        reason=Phrase("silent for {value} the usual gap", "沉默时长为惯常间隔的 {value}"),
        absent=_ONCE,
        direction=1,
    ),
    Feature(
        name="silence_to_p90_gap",
        unit=Unit.RATIO,
        meaning="recency over the 90 % quantile of gaps",
        expression="ratio(recency(), gap_quantile(0.9))",
        reason=Phrase("silent for {value} what is long for this customer", "沉默时长为其较长间隔的 {value}"),
        absent=_ONCE,
        direction=1,
    ),
    Feature(
        name="silence_to_max_gap",
        unit=Unit.RATIO,
        meaning="recency over the longest gap",
        expression="ratio(recency(), gap_quantile(1.0))",
        reason=Phrase("silent for {value} the longest past silence", "沉默时长为过去最长沉默的 {value}"),
        absent=_ONCE,
        direction=1,
    ),
    Feature(
        name="longer_silences",
        unit=Unit.COUNT,
        meaning="past gaps at least as long as the silence at the cutoff",
        expression="longer_silences()",
        reason=Phrase(
            "has come back from {value} silence{s} at least this long", "过去有 {value} 次从同样久或更久的沉默中回来"
        ),
        absent=_ONCE,
        direction=-1,
    ),
    Feature(
        name="comeback_share",
        unit=Unit.SHARE,
        meaning="of past gaps at least this long, the share that ended within the horizon",
        expression="comeback_share()",
        reason=Phrase(
            "has come back from {value} of silences this long within the period ahead",
            "过去同样久的沉默，{value} 在预测期内回来",
        ),
        absent=_NO_LONGER,
        direction=-1,
    ),
    Feature(
        name="gap_p25_days",
        unit=Unit.DAYS,
        expression="gap_quantile(0.25)",
        meaning="25 % quantile of the days between purchase days",
        reason=Phrase("a quarter of the purchase gaps are within {value}", "四分之一的购买间隔不超过 {value}"),
        absent=_ONCE,
        default=False,
    ),
    Feature(
        name="gap_p75_days",
        unit=Unit.DAYS,
        expression="gap_quantile(0.75)",
        meaning="75 % quantile of the days between purchase days",
        reason=Phrase("three in four purchase gaps are within {value}", "四分之三的购买间隔不超过 {value}"),
        absent=_ONCE,
        default=False,
    ),
    Feature(
        name="gap_variation",
        unit=Unit.RATIO,
        expression="ratio(gap_sd(), gap_mean())",
        meaning="standard deviation of the days between purchase days over their mean",
        reason=Phrase("the spread of purchase gaps is {value} their mean", "购买间隔波动为其均值的 {value}"),
        absent=_ONCE,
        default=False,
    ),
    Feature(
        name="last_gap_to_median",
        unit=Unit.RATIO,
        expression="ratio(last_gap(), gap_quantile(0.5))",
        meaning="the last gap between purchase days over the median gap",
        reason=Phrase("the last gap was {value} the usual one", "最近一次间隔为惯常间隔的 {value}"),
        absent=_ONCE,
        default=False,
    ),
)
