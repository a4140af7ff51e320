"""What a campaign changed, for a terminal, in English or Chinese: checks, what came of it in members and money, a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from features.feature import Phrase
from retention.effect.findings import ALL, Checked, Findings, Found
from retention.effect.learned import LOG_ODDS, Learned
from retention.effect.outcomes import RETURNED, SPEND, TIER_KEPT
from retention.effect.posterior import Belief
from retention.effect.worth import Range, Worth
from serving.describing.segments_text import aligned
from serving.forecast.wording import Language

_NAMES: Final = {
    RETURNED: Phrase("came back", "回购"),
    SPEND: Phrase("spend", "消费"),
    TIER_KEPT: Phrase("tier kept", "保级"),
    ALL: Phrase("all", "合计"),
    "tier": Phrase("tier", "等级"),
    "temperature_band": Phrase("temperature", "温度"),
    "action": Phrase("action", "措施"),
}
_HEADS: Final = {
    "outcome": Phrase("outcome", "结果"),
    "of": Phrase("of", "范围"),
    "treated": Phrase("treated", "已处理"),
    "control": Phrase("control", "对照"),
    "without": Phrase("without", "不处理时"),
    "difference": Phrase("difference", "差异"),
    "interval": Phrase("95 % from .. to", "95% 区间"),
    "p": Phrase("p", "p"),
    "seen": Phrase("could see", "可检出"),
}
_TOO_FEW: Final = Phrase("too few to tell", "人数太少，无法判断")
_NOTES: Final = {
    "adjusted": Phrase(
        "without: what would have come without the treatment, by the control\n"
        "difference: with the forecast as covariate, where an outcome has one; each interval is on its own\n"
        "p: corrected by Holm, over all outcomes and arms, and within each outcome's slices",
        "不处理时：按对照组估计，若不处理会怎样\n"
        "差异：以预测为协变量调整（如有）；区间为单项区间\n"
        "p：经 Holm 校正，总体各项为一组，每项结果的各分组为一组",
    ),
    "seen": Phrase(
        "could see: the least difference that is found four times out of five", "可检出：五次中能发现四次的最小差异"
    ),
    "left_out": Phrase(
        "in no comparison: {n} members of strata with fewer than two treated, or two in the control",
        "未参与比较：{n} 名会员，其所在层的处理组或对照组不足两人",
    ),
    "no_shares": Phrase(
        "not checked: whether the arms are as large as was meant (no share was given)",
        "未检查两组人数是否符合设定（未给出比例）",
    ),
    "no_covariates": Phrase(
        "not checked: whether the arms were alike at the start (nothing that differs between members was given): that they "
        "were drawn by lot is taken on trust",
        "未检查处理前两组是否相同（未给出处理前的信息，或各会员相同）：随机分组只能凭信任",
    ),
}


def to_text(
    found: Findings, worths: Sequence[Worth] = (), planned: Mapping[str, float] | None = None, language: Language = "en"
) -> str:
    """Checks, then each arm's worth and the table of differences; or why nothing is concluded.

    Parameters
    ----------
    worths : of each arm that was concluded about, in order; none for a table that is not a campaign
    planned : least differences that were expected to be found, by outcome
    """

    def said(phrase: Phrase) -> str:
        return phrase.zh if language == "zh" else phrase.en

    lines = [line for one in found.checks for line in _checked(one, language)]
    for refusal in found.refused:
        head = {"en": f"no conclusion about {refusal.arm!r}: ", "zh": f"对“{refusal.arm}”不作结论："}[language]
        lines.append(head + said(refusal.said))
    for worth in worths:
        lines += ["", *_worth(worth, language)]
    if found.found:
        lines += ["", *table(found, language)]
        lines += ["", said(_NOTES["adjusted"]), said(_NOTES["seen"])]
        if found.found[0].told.left_out:
            lines.append(said(_NOTES["left_out"]).format(n=f"{found.found[0].told.left_out:,}"))
        for outcome, least in (planned or {}).items():
            one = found.overall(outcome)
            if one is not None and one.told.told:
                now, before = (_unsigned(value, outcome in found.binary) for value in (one.detectable, least))
                en = f"the plan would find differences from {before} on, what was measured from {now}"
                zh = f"事前可检出 {before} 起，事后 {now} 起"
                lines.append({"en": f"{said(_name(outcome))}: {en}", "zh": f"{said(_name(outcome))}：{zh}"}[language])
    return "\n".join(lines).strip("\n")


def planned_text(planned: Mapping[str, float], treated: int, held: int, language: Language = "en") -> str:
    """What a campaign can be expected to see, before its outcome is known."""
    head = {
        "en": f"{treated:,} to be treated, {held:,} held out; differences that will be found four times out of five:",
        "zh": f"将处理 {treated:,} 人，留出 {held:,} 人；五次中能发现四次的最小差异：",
    }[language]
    lines = [head]
    for outcome, least in planned.items():
        name = _name(outcome).zh if language == "zh" else _name(outcome).en
        lines.append(f"  {name}: {_unsigned(least, outcome != SPEND)}")
    return "\n".join(lines)


def learned_text(learned: Sequence[Learned], language: Language = "en") -> str:
    """What was believed, what was measured and what is believed now, a line an effect."""
    if not learned:
        return {
            "en": "nothing is learned: of no action enough was measured that the catalogue puts to use",
            "zh": "没有可学习的结果：各措施的测量不足，或目录用不到",
        }[language]
    lines = []
    for one in learned:
        before = {"en": "nothing", "zh": "无"}[language] if one.before is None else _belief(one.before, one.scale)
        seen, after = (_belief(own, one.scale) for own in (one.measured, one.after))
        words = {"en": f"believed {before}, measured {seen}, now {after}", "zh": f"原为 {before}，测得 {seen}，现为 {after}"}
        lines.append(f"{one.action}, {one.key}: {words[language]}")
    return "\n".join(lines)


def table(found: Findings, language: Language = "en") -> list[str]:
    """The differences as aligned lines, an outcome after the other."""

    def said(phrase: Phrase) -> str:
        return phrase.zh if language == "zh" else phrase.en

    several = len({one.arm for one in found.found}) > 1
    rows = [[*(["arm"] if several else []), *(said(head) for head in _HEADS.values())]]
    for one in found.found:
        share = one.outcome in found.binary
        of = said(_NAMES[ALL]) if one.by == ALL else f"{said(_name(one.by))} {one.slice}"
        row = [one.arm] if several else []
        row += [said(_name(one.outcome)), of, f"{one.told.treated:,}", f"{one.told.control:,}"]
        rows.append([*row, *(_numbers(one, share) if one.told.told else ["", said(_TOO_FEW), "", "", ""])])
    return list(aligned(rows, 3 if several else 2))


def _numbers(one: Found, share: bool) -> list[str]:
    told = one.told
    interval = f"{_signed(told.low, share)} .. {_signed(told.high, share)}"
    base = f"{told.base:.1%}" if share else f"{told.base:,.2f}"
    return [base, _signed(told.value, share), interval, _p(one.p), _unsigned(one.detectable, share)]


def _checked(one: Checked, language: Language) -> list[str]:
    def said(phrase: Phrase) -> str:
        return phrase.zh if language == "zh" else phrase.en

    colon = {"en": ": ", "zh": "："}[language]
    lines = []
    if one.ratios:
        last = one.ratios[-1]
        en = f"{one.arm}: {last.counts[0]:,} in the control, {last.meant[0]:,.0f} meant (by lot, {_of_p(last.p)})"
        zh = f"{one.arm}：对照组 {last.counts[0]:,} 人，应为 {last.meant[0]:,.0f} 人（随机时 {_of_p(last.p)}）"
        lines.append({"en": en, "zh": zh}[language])
    else:
        lines.append(f"{one.arm}{colon}{said(_NOTES['no_shares'])}")
    if math.isnan(one.balance.p):
        lines.append(f"{one.arm}{colon}{said(_NOTES['no_covariates'])}")
    else:
        widest = one.balance.widest
        by = f"{one.balance.differences[widest]:+.2f}"
        en = f"{one.arm}: at the start the arms differ most in {widest}, by {by} sd (by lot, {_of_p(one.balance.p)})"
        zh = f"{one.arm}：处理前差异最大的是 {widest}，{by} 个标准差（随机时 {_of_p(one.balance.p)}）"
        lines.append({"en": en, "zh": zh}[language])
    return lines


def _worth(own: Worth, language: Language) -> list[str]:
    clauses = []
    if own.returned is not None:
        more = own.returned.value >= 0
        size = f"{abs(own.returned.value):,.0f}"
        en, zh = f"{size} {'more' if more else 'fewer'} came back", f"{'多' if more else '少'}回购 {size} 人"
        clauses.append({"en": en, "zh": zh}[language] + _ends(own.returned, language))
    for range_, en, zh in ((own.spend, "they spent", "消费"), (own.margin, "worth", "毛利")):
        if range_ is not None:
            sign = "+" if range_ is own.spend else ""
            words = {"en": f"{en} {range_.value:{sign},.0f}", "zh": f"{zh} {range_.value:{sign},.0f}"}
            clauses.append(words[language] + _ends(range_, language))
    if own.cost is not None:
        clauses.append({"en": f"cost {own.cost:,.0f}", "zh": f"成本 {own.cost:,.0f}"}[language])
    if not clauses:
        return []
    head = {"en": f"of {own.treated:,} treated, ", "zh": f"已处理 {own.treated:,} 人："}[language]
    return [head + {"en": "; ", "zh": "；"}[language].join(clauses)]


def _ends(own: Range, language: Language) -> str:
    low, high = f"{own.low:,.0f}", f"{own.high:,.0f}"
    return {"en": f" ({low} to {high})", "zh": f"（{low} 至 {high}）"}[language]


def _name(name: str) -> Phrase:
    return _NAMES.get(name, Phrase(name, name))


def _signed(value: float, share: bool) -> str:
    return f"{100 * value:+.1f} pts" if share else f"{value:+,.2f}"


def _unsigned(value: float, share: bool) -> str:
    return f"{100 * value:.1f} pts" if share else f"{value:,.2f}"


def _belief(own: Belief, scale: str) -> str:
    if scale == LOG_ODDS:
        return f"{own.mean:+.2f} ± {own.sd:.2f} log-odds"
    share = scale == "points"
    return f"{_signed(own.mean, share)} ± {_unsigned(own.sd, share)}"


def _of_p(value: float) -> str:
    return f"p {_p(value)}" if value < 0.001 else f"p = {_p(value)}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
