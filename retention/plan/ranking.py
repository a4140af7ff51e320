"""The plain answer without a catalogue: members by value at risk; by the probability of leaving where a log has no money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from features.feature import Phrase
from retention.plan.audience import Audience
from retention.plan.plan_text import table

if TYPE_CHECKING:
    import pandas as pd

_AT_RISK: Final = Phrase("at risk", "风险价值")
_HEAD: Final = (
    Phrase("member", "会员"),
    Phrase("tier", "等级"),
    Phrase("leaves", "流失概率"),
    _AT_RISK,
    Phrase("why", "原因"),
)
_OF_MONEY: Final = Phrase(
    "{whole:,.2f} of {value_of} at risk, with {members:,} members; {share:.0%} with these {shown}",
    "{members:,} 名会员共有 {whole:,.2f} 面临流失（{value_of}）；前 {shown} 名占 {share:.0%}",
)
_OF_LEAVERS: Final = Phrase(
    "the log has no money, so the likeliest to leave come first: {whole:,.0f} of {members:,} members are expected to leave, "
    "{share:.0%} of them among these {shown}",
    "日志没有金额，按流失概率排序：{members:,} 名会员中预计流失 {whole:,.0f} 名，前 {shown} 名占 {share:.0%}",
)
_GONE: Final = 0.95
_TOO_LATE: Final = Phrase(
    "{gone} of these {shown} will leave by 95 % and more: gone rather than going; --p-churn-to 0.95 leaves such members out",
    "前 {shown} 名中有 {gone} 名的流失概率在 95% 及以上，多半已经流失；--p-churn-to 0.95 可将其排除",
)


def has_money(audience: Audience) -> bool:
    """Whether anybody has a value at risk."""
    return bool(np.isfinite(audience.value_at_risk).any())


def worth_a_call(audience: Audience, p_churn_to: float = 1.0) -> npt.NDArray[np.int64]:
    """Positions of members, most value at risk first, without those who have none; the likeliest to leave if nobody has.

    Parameters
    ----------
    p_churn_to : who is likelier to leave than this is left out, as gone already
    """
    weight = audience.value_at_risk if has_money(audience) else audience.p_churn
    known = np.flatnonzero(np.isfinite(weight) & (audience.p_churn <= p_churn_to))
    order: npt.NDArray[np.int64] = known[np.argsort(-weight[known], kind="stable")]
    return order


def to_frame(audience: Audience, p_churn_to: float = 1.0) -> pd.DataFrame:
    """One row a member, in the order of ``worth_a_call``: → rank, customer_id, what they are, money, reason."""
    import pandas as pd

    rows = worth_a_call(audience, p_churn_to)
    names = [*audience.tier_names, None]
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(rows) + 1),
            "customer_id": pd.Series(audience.ids[rows].tolist()),
            "as_of": audience.as_of,
            "tier": pd.Series([names[tier] for tier in audience.tier[rows].tolist()], dtype="str"),
            "stage": audience.stage[rows].astype(str),
            "temperature_band": audience.band[rows].astype(str),
            "p_churn": audience.p_churn[rows],
            "value_at_risk": audience.value_at_risk[rows],
            "value_of": audience.value_of,
            "reason": audience.reason[rows].astype(str),
        }
    )


def to_text(audience: Audience, most: int, language: str = "en", p_churn_to: float = 1.0) -> str:
    """The first of them as a table, and what share of all that is at risk, or of all who are expected to leave, they are.

    How many of these are as good as gone is said, too.
    """
    zh, money = language == "zh", has_money(audience)
    rows = worth_a_call(audience, p_churn_to)
    top = rows[:most]
    lines = [[word.zh if zh else word.en for word in _HEAD if money or word is not _AT_RISK]]
    for i in top.tolist():
        tier = audience.tier_names[audience.tier[i]] if audience.tier[i] >= 0 else ""
        at_risk = [f"{audience.value_at_risk[i]:,.2f}"] if money else []
        lines.append([str(audience.ids[i]), tier, f"{audience.p_churn[i]:.0%}", *at_risk, str(audience.reason[i])])
    weight = audience.value_at_risk if money else audience.p_churn
    whole, theirs = float(weight[rows].sum()), float(weight[top].sum())
    width = [max(len(line[0]) for line in lines)]
    cells = table([[line[0].rjust(width[0]), *line[1:]] for line in lines], left=2, words_last=True)
    told = (_OF_MONEY if money else _OF_LEAVERS)[zh]
    share = theirs / whole if whole > 0 else 0.0
    said = told.format(whole=whole, members=len(rows), shown=len(top), share=share, value_of=audience.value_of)
    gone = int((audience.p_churn[top] >= _GONE).sum())
    late = (_TOO_LATE.zh if zh else _TOO_LATE.en).format(gone=gone, shown=len(top))
    return "\n".join([*cells, "", said, *([late] if gone else [])])
