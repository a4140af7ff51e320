"""Why nothing is concluded: reasons found in the data, each with what was seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from features.feature import Phrase
from retention.effect.checks import ALARM, Balance, SampleRatio

Reason = Literal["no_hold_out", "not_drawn", "sample_ratio", "followed", "not_alike"]
_FOLLOWED: Final = 0.5
"""Standard deviations at the start beyond which a treatment is said to have followed what it differs in."""
_SMALL_ALARM: Final = 0.01
"""p below which it is where that is so: by lot it only is in the smallest arms, which show too little to be surer."""


@dataclass(frozen=True)
class Refusal:
    """A reason not to conclude anything about an arm, in words."""

    arm: str
    reason: Reason
    said: Phrase


def no_hold_out(arm: str, treated: int) -> Refusal:
    """Nobody was kept back."""
    en = f"all {treated:,} members were treated and nobody was held out, so nothing says what would have come of it without"
    zh = f"{treated:,} 名会员全部接受了措施，没有随机留出，无从得知不采取措施的结果"
    return Refusal(arm, "no_hold_out", Phrase(en, zh))


def not_drawn(arm: str) -> Refusal:
    """Nothing says that those who were not treated were kept back by lot."""
    en = (
        "nothing says that those who were not treated were kept back by lot: no would_be and no hold_out_share in the file, "
        "no catalogue, no --hold-out-share"
    )
    zh = "无从得知未处理的会员是否随机留出：文件中没有 would_be 和 hold_out_share，也未给出措施目录或 --hold-out-share"
    return Refusal(arm, "not_drawn", Phrase(en, zh))


def refusals(arm: str, ratios: Sequence[SampleRatio], found: Balance) -> list[Refusal]:
    """What the checks of one treatment say against a conclusion."""
    worst = min(ratios, key=lambda ratio: ratio.p, default=None)
    said = [_of_ratio(arm, worst)] if worst is not None and worst.p < ALARM else []
    if not math.isnan(found.p) and (found.p < ALARM or (found.p < _SMALL_ALARM and _followed(found))):
        said.append(_of_balance(arm, found))
    return said


def _of_ratio(arm: str, ratio: SampleRatio) -> Refusal:
    there, meant, lot = f"{ratio.counts[0]:,}", f"{ratio.meant[0]:,.0f}", _p(ratio.p)
    en = (
        f"{there} members of {ratio.stratum!r} are in the control and {meant} were meant to be (by lot, {lot}): "
        "members were lost or moved after the draw"
    )
    zh = f"{ratio.stratum} 的对照组有 {there} 名会员，应为 {meant} 名（随机时 {lot}）：抽签后有会员丢失或被移动"
    return Refusal(arm, "sample_ratio", Phrase(en, zh))


def _of_balance(arm: str, found: Balance) -> Refusal:
    widest, lot = found.widest, _p(found.p)
    by = f"{found.differences[widest]:+.2f}"
    zh = f"处理前两组就不同：{widest} 相差 {by} 个标准差（随机时 {lot}）"
    if _followed(found):
        en = (
            f"who was treated followed {widest!r}: {by} standard deviations before anything was done (by lot, {lot}), "
            "so a difference would be the members', not the treatment's"
        )
        return Refusal(arm, "followed", Phrase(en, f"{zh}；谁接受措施取决于它，差异来自会员而非措施"))
    en = f"the arms differed before anything was done, most in {widest!r}: {by} standard deviations (by lot, {lot})"
    return Refusal(arm, "not_alike", Phrase(en, zh))


def _followed(found: Balance) -> bool:
    return abs(found.differences[found.widest]) >= _FOLLOWED


def _p(value: float) -> str:
    return "p < 0.000001" if value < 1e-6 else f"p = {value:.6f}"
