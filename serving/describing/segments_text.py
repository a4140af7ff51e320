"""Segments as a table for a terminal, in English or Chinese."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from features.feature import Phrase
from features.ladder import CLASSES, NO_CLASS, STAGES
from features.membership import NearMisses
from features.segmentation import Segment, together
from serving.describing.description_text import display_width
from serving.forecast.wording import Language

_HEADS: Final = {
    "tier": Phrase("tier", "等级"),
    "stage": Phrase("ladder stage", "阶梯"),
    "class": Phrase("frequency", "购买频率"),
    "members": Phrase("members", "会员"),
    "share": Phrase("of all", "占比"),
    "spend": Phrase("spend", "消费"),
    "of_spend": Phrase("of all", "占比"),
    "profit": Phrase("profit", "利润"),
    "returned": Phrase("returned", "退货率"),
}
_TOTAL: Final = Phrase("all", "合计")
_ABSENT: Final = Phrase("not available", "无数据")
_NOBODY: Final = Phrase("nobody is known of at this date", "此日期尚无会员")


def to_table(segments: Sequence[Segment], tier_names: tuple[str, ...] = (), language: Language = "en") -> str:
    """Segments (see features.segmentation) with a line for each tier and one for all.

    Parameters
    ----------
    tier_names : lowest first; without a policy, none, and the column is left out
    """

    def said(phrase: Phrase) -> str:
        return phrase.zh if language == "zh" else phrase.en

    if not segments:
        return said(_NOBODY)
    whole = together(segments)
    left_out = {"tier": not tier_names, "profit": whole.profit is None}
    left_out |= dict.fromkeys(("spend", "of_spend", "returned"), whole.spend is None)
    heads = [said(phrase) for name, phrase in _HEADS.items() if not left_out.get(name)]
    texts = heads.index(said(_HEADS["members"]))

    def numbers(segment: Segment) -> list[str]:
        spend, profit, returned = segment.spend, segment.profit, segment.returned_share
        cells = {
            "members": f"{segment.members:,}",
            "share": f"{segment.members / whole.members:.1%}",
            "spend": f"{spend or 0:,.0f}",
            "of_spend": f"{(spend or 0) / whole.spend:.1%}" if whole.spend else "",
            "profit": f"{profit or 0:,.0f}",
            "returned": "" if returned is None else f"{returned:.1%}",
        }
        return [cell for name, cell in cells.items() if not left_out.get(name)]

    rows = [heads]
    for tier in dict.fromkeys(segment.tier for segment in segments):
        own = [segment for segment in segments if segment.tier == tier]
        if tier_names:
            rows.append([tier_names[tier], "", "", *numbers(together(own))])
        for segment in own:
            pace = segment.frequency_class
            words = [said(STAGES[segment.stage]), "" if pace == NO_CLASS else said(CLASSES[pace])]
            rows.append([*([""] if tier_names else []), *words, *numbers(segment)])
    rows.append([said(_TOTAL), *[""] * (texts - 1), *numbers(whole)])
    absent = [said(_HEADS[name]) for name in ("spend", "profit") if left_out[name]]
    notes = [f"{name}: {said(_ABSENT)}" for name in absent]
    return "\n".join([*aligned(rows, texts), *notes])


def near_line(near: NearMisses, by: dt.date, share: float, language: Language = "en") -> str:
    """How many members are just under a threshold, the tier's they hold or the next one's."""
    keep, rise = int((near.keep > 0).sum()), int((near.rise > 0).sum())
    if language == "zh":
        return f"临界（至 {by}，差额不超过门槛的 {share:.0%}）：{keep:,} 人可能降级，{rise:,} 人可望升级"
    return f"near misses: {keep:,} lack at most {share:.0%} of what keeps their tier on {by}, {rise:,} of what lifts it"


def aligned(rows: Sequence[Sequence[str]], texts: int) -> Iterator[str]:
    """Lines of cells in columns, the first ``texts`` flush left, the others flush right."""
    widths = [max(display_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = []
        for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - display_width(cell))
            cells.append(cell + space if i < texts else space + cell)
        yield "  ".join(cells).rstrip()
