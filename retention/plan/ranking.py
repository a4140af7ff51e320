"""The plain answer without a catalogue: members by value at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from features.errors import UnusableLogError
from features.feature import Phrase
from retention.plan.audience import Audience
from retention.plan.plan_text import table

if TYPE_CHECKING:
    import pandas as pd

_HEAD: Final = (
    Phrase("member", "会员"),
    Phrase("tier", "等级"),
    Phrase("leaves", "流失概率"),
    Phrase("at risk", "风险价值"),
    Phrase("why", "原因"),
)


def by_value_at_risk(audience: Audience) -> npt.NDArray[np.int64]:
    """Positions of members, most value at risk first; those without a value are left out.

    Raises
    ------
    UnusableLogError
        nobody has one
    """
    known = np.flatnonzero(np.isfinite(audience.value_at_risk))
    if not len(known):
        fix = "score a log with amounts"
        raise UnusableLogError("members are ranked by value at risk", "forecasts without any money", fix)
    order: npt.NDArray[np.int64] = known[np.argsort(-audience.value_at_risk[known], kind="stable")]
    return order


def to_frame(audience: Audience) -> pd.DataFrame:
    """One row a member, most value at risk first: → rank, customer_id, what they are, money, reason."""
    import pandas as pd

    rows = by_value_at_risk(audience)
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


def to_text(audience: Audience, most: int, language: str = "en") -> str:
    """The first of them as a table, and how much of all that is at risk is theirs."""
    zh = language == "zh"
    rows = by_value_at_risk(audience)
    top = rows[:most]
    lines = [[word.zh if zh else word.en for word in _HEAD]]
    for i in top.tolist():
        tier = audience.tier_names[audience.tier[i]] if audience.tier[i] >= 0 else ""
        at_risk = f"{audience.value_at_risk[i]:,.2f}"
        lines.append([str(audience.ids[i]), tier, f"{audience.p_churn[i]:.0%}", at_risk, str(audience.reason[i])])
    whole, theirs = float(audience.value_at_risk[rows].sum()), float(audience.value_at_risk[top].sum())
    share = theirs / whole if whole > 0 else 0.0
    width = [max(len(line[0]) for line in lines)]
    cells = table([[line[0].rjust(width[0]), *line[1:]] for line in lines], left=2, words_last=True)
    said = (
        f"{len(rows):,} 名会员共有 {whole:,.2f} 面临流失（{audience.value_of}）；前 {len(top)} 名占 {share:.0%}"
        if zh
        else f"{whole:,.2f} of {audience.value_of} at risk, with {len(rows):,} members; {share:.0%} with these {len(top)}"
    )
    return "\n".join([*cells, "", said])
