"""The last words of a training: what was learned, how good it is by the backtest's grade, and what the checks found."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from features.errors import counted
from training.backtest import OURS
from training.checks.check import STATUSES, Status
from training.scoreboard import ALL, CHURN, PAIRED_MAE, SPEND, TIER, Score

if TYPE_CHECKING:
    from training.checks import Finding
    from training.proof import Proof
    from training.train import Trained

_COLUMNS: Final = 138
_LABEL: Final = {CHURN: "leaving", TIER: "next tier"}
_TOLD: Final[tuple[Status, ...]] = ("failed", "warning")
_WIDTH: Final = max(map(len, _LABEL.values())) + 4


def closing(trained: Trained, proof: Proof, findings: Sequence[Finding]) -> str:
    """A few labelled lines; no member is named.

    Parameters
    ----------
    proof : of the training's held-out horizons
    findings : of its checks
    """
    lines = ["In short"]
    for label, text in _lines(trained, proof, findings):
        head = f"  {label:<{_WIDTH - 2}}"
        fill = textwrap.TextWrapper(_COLUMNS, initial_indent=head, subsequent_indent=" " * _WIDTH, break_on_hyphens=False)
        lines.append(fill.fill(text))
    return "\n".join(lines)


def _lines(trained: Trained, proof: Proof, findings: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    yield "learned", _learned(trained)
    if not proof.scores:
        yield "how good", "not known: no horizon was held out, as it was not asked for or the log is too short for one."
    else:
        newest = _newest(proof.scores)
        for grade in proof.grades:
            ranked = _ranked(newest) if grade.target == CHURN else ""
            yield _LABEL[grade.target], f"{grade.word}. {grade.why}{ranked}"
        if said := _spend(newest):
            yield "spend", said
        if proof.off:
            yield "beware", proof.off
    yield "checks", _checks(findings)


def _learned(trained: Trained) -> str:
    settings, data = trained.fitted.forecaster.settings, trained.fitted.data
    first, *others = [
        f"who buys nothing in {settings.horizon_days} days",
        *(["what is spent in them"] if settings.has_amounts else []),
        *(["which tier is held after them"] if trained.forecasts.p_tier is not None else []),
    ]
    what = f"{', '.join([first, *others[:-1]])} and {others[-1]}" if others else first
    dates = [str(cutoff) for cutoff in data.cutoffs]
    when = f"{len(dates)} past dates, {dates[0]} to {dates[-1]}" if len(dates) > 1 else f"one past date, {dates[0]}"
    return f"{what}; from {counted(len(np.unique(data.table.panel.member)), 'member')} at {when}."


def _newest(found: Sequence[Score]) -> list[Score]:
    """The figures of all cutoffs together, or of the only one."""
    last = ALL if any(score.cutoff == ALL for score in found) else max(score.cutoff for score in found)
    return [score for score in found if score.cutoff == last]


def _ranked(found: Sequence[Score]) -> str:
    """The AUC, in words."""
    for score in found:
        if (score.target, score.metric, score.model) == (CHURN, "AUC", OURS) and np.isfinite(score.estimate.value):
            share = round(100 * score.estimate.value)
            return f" Of a leaver and a stayer, the leaver is given the higher probability {share} times in 100."
    return ""


def _spend(found: Sequence[Score]) -> str:
    """The mean error of spend, beside the rule with the least; empty without amounts."""
    mine = [score for score in found if score.target == SPEND]
    errors = {score.model: score.estimate.value for score in mine if score.metric == "MAE"}
    better_by = {score.model: score.estimate for score in mine if score.metric == PAIRED_MAE}
    if OURS not in errors or not better_by:
        return ""
    rule = min(better_by, key=lambda model: errors[model])
    change = better_by[rule]
    word = "it beats" if change.low > 0 else "it is beaten by" if change.high < 0 else "it cannot be told apart from"
    return (
        f"off by {errors[OURS]:,.2f} a member on average, where the best simple rule, {rule!r}, is off by "
        f"{errors[rule]:,.2f}: {word} that rule."
    )


def _checks(findings: Sequence[Finding]) -> str:
    """How many of each status, the gravest first, with the codes of those that something has to be done about."""
    parts = []
    for status in reversed(STATUSES):
        codes = [finding.code for finding in findings if finding.status == status]
        if codes:
            many = "s" if status == "warning" and len(codes) > 1 else ""
            parts.append(f"{len(codes)} {status}{many}" + (f" ({', '.join(codes)})" if status in _TOLD else ""))
    told = any(finding.status in _TOLD for finding in findings)
    return f"{', '.join(parts) or 'none were run'}.{' What to do stands above, under Checks.' if told else ''}"
