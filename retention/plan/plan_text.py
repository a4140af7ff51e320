"""A plan in words, in English and Chinese."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from features.feature import Phrase
from retention.plan.plan import HELD, TREATED, Plan
from retention.plan.summary import Limit, Row, interval, summarised

Said: TypeAlias = Callable[[Phrase], str]
_HEAD: Final = (
    Phrase("tier", "等级"),
    Phrase("action", "措施"),
    Phrase("members", "会员"),
    Phrase("kept back", "留出"),
    Phrase("costs", "成本"),
    Phrase("saves", "预计保留"),
    Phrase("gains", "净收益"),
)
_ALL: Final = Phrase("all", "合计")
_NO_TIER: Final = Phrase("no tier", "无等级")
_LEFT_OUT: Final = (
    Phrase("members who ...", "原因"),
    Phrase("get nothing", "无任何措施"),
    Phrase("may get less", "仅部分不可用"),
)
_LIMIT: Final = {
    "total": Phrase("budget in all", "总预算"),
    "tier": Phrase("budget for {name}", "{name} 预算"),
    "channel": Phrase("places by {name}", "{name} 名额"),
}


def to_text(plan: Plan, language: str = "en") -> str:
    """The plan by tier and action, its limits, its proof, what greed would have gained, and who was left out."""
    zh = language == "zh"

    def said(phrase: Phrase) -> str:
        return phrase.zh if zh else phrase.en

    summary, (low, high) = summarised(plan), interval(plan)
    arms = plan.arm.tolist()
    treated, held = arms.count(TREATED), arms.count(HELD)
    day, days = plan.audience.as_of, plan.audience.horizon_days
    head = (
        f"{plan.catalogue.campaign}：{day} 起 {days} 天的预测，{treated:,} 人获得措施，{held:,} 人随机留出"
        if zh
        else f"{plan.catalogue.campaign}, as of {day}, {days} days ahead: {treated:,} members get an action, "
        f"{held:,} are kept back"
    )
    names = {action.id: said(action.name.phrase) for action in plan.catalogue.actions}
    lines = [[said(word) for word in _HEAD], *(_cells(row, names, said) for row in summary.rows)]
    parts = [head, "", *table(lines, left=2)]
    if summary.limits:
        parts += ["", *table([_limit(limit, said, zh=zh) for limit in summary.limits], left=1, words_last=True)]
    gain, bound, gap = plan.solution.value, plan.solution.bound, plan.solution.gap
    if zh:
        parts += ["", f"净收益 {gain:,.2f}；任何方案都不超过 {bound:,.2f}（差距 {gap:.4%}）"]
        parts += [f"因措施效果不确定，95 % 区间：{low:,.2f} 至 {high:,.2f}"]
        parts += [f"同样预算下，按流失概率依次联系：{plan.by_risk:,.2f}；按风险价值：{plan.by_value:,.2f}"]
    else:
        parts += ["", f"gains {gain:,.2f}; no plan can gain more than {bound:,.2f} (gap {gap:.4%})"]
        parts += [f"as uncertain as the effects are, 95 % interval: {low:,.2f} to {high:,.2f}"]
        greedy = f"calling the most likely to leave first gains {plan.by_risk:,.2f}"
        parts += [f"with the same money, {greedy}; those with most value at risk, {plan.by_value:,.2f}"]
    return "\n".join([*parts, "", *_left_out(plan, said)])


def _left_out(plan: Plan, said: Said) -> list[str]:
    """Who gets nothing, by rule; and to whom a rule closed some of the actions."""
    head = [said(word) for word in _LEFT_OUT]
    lines = [[said(e.words), f"{e.left_out:,}", f"{e.closed - e.left_out:,}"] for e in plan.left_out if e.closed]
    return table([head, *lines], left=1)


def _cells(row: Row, names: dict[str, str], said: Said) -> list[str]:
    whole = row.action is None
    tier = (said(_NO_TIER) if not row.tier else row.tier) if row.tier is not None else ""
    first = said(_ALL) if whole and row.tier is None else tier if whole else ""
    numbers = [f"{row.treated:,}", f"{row.held:,}", *(f"{value:,.2f}" for value in (row.cost, row.saved, row.gain))]
    return [first, "" if row.action is None else names[row.action], *numbers]


def _limit(limit: Limit, said: Said, *, zh: bool) -> list[str]:
    name = said(_LIMIT[limit.kind]).format(name=limit.name)
    digits = "" if limit.kind == "channel" else ".2f"
    used = f"{limit.used:,{digits or '.0f'}}", f"{limit.most:,{digits or '.0f'}}"
    return [name, f"{used[0]} / {used[1]}" if zh else f"{used[0]} of {used[1]}", marginal(limit, zh=zh)]


def marginal(limit: Limit, *, zh: bool = False) -> str:
    """What one more of a limit would bring.

    >>> marginal(Limit("tier", "Gold", 100.0, 99.5, 1.1))
    'one more for Gold returns 2.10'
    >>> marginal(Limit("channel", "phone", 60, 40, 0.0))
    'one more place brings nothing'
    >>> marginal(Limit("tier", "Gold", 0.0, 0.0, 0.0, short=True))
    'is too little for some that is worth doing'
    """
    if limit.price < 1e-6 and limit.short:
        return "不足以采取值得的措施" if zh else "is too little for some that is worth doing"
    if limit.price < 1e-6:
        if zh:
            return "再多也无用" if limit.kind == "channel" else "未用完，再多也无用"
        return "one more place brings nothing" if limit.kind == "channel" else "is enough: one more brings nothing"
    if limit.kind == "channel":
        return f"多一个名额可多得 {limit.price:,.2f}" if zh else f"one more place gains {limit.price:,.2f}"
    back, name = 1.0 + limit.price, limit.name
    if zh:
        return f"每多 1 元可带回 {back:,.2f}"
    return f"one more returns {back:,.2f}" if name is None else f"one more for {name} returns {back:,.2f}"


def table(lines: list[list[str]], left: int, *, words_last: bool = False) -> list[str]:
    """Columns of equal width: numbers to the right, the first ``left`` to the left, and the last if it holds words."""
    widths = np.array([[width(cell) for cell in line] for line in lines]).max(axis=0).tolist()
    found = []
    for line in lines:
        cells = []
        for at, (cell, most) in enumerate(zip(line, widths, strict=True)):
            gap = " " * (most - width(cell))
            words = at < left or (words_last and at == len(line) - 1)
            cells.append(f"{cell}{gap}" if words else f"{gap}{cell}")
        found.append("  ".join(cells).rstrip())
    return found


def width(text: str) -> int:
    """Columns that a text takes in a terminal, where Chinese takes two a character.

    >>> width("Gold"), width("金卡")
    (4, 4)
    """
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
