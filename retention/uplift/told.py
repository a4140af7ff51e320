"""What was learnt of who is moved, as text for a terminal and as plain values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from retention.uplift.learnt import ArmUplift, Uplift
from retention.uplift.measured import Measured
from retention.uplift.moved import Reason, fifths
from retention.uplift.policies import Policy

Reasons = Mapping[str, Sequence[Reason]]


def to_text(uplift: Uplift, reasons: Reasons) -> str:
    """The verdict, then each arm: its effect, how well members are ranked, who is moved; then money."""
    return "\n".join(_lines(uplift, reasons))


def to_dict(uplift: Uplift, reasons: Reasons) -> dict[str, Any]:
    """The same for programs; figures with the ends of their 95 % intervals."""
    return {
        "outcome": uplift.outcome,
        "told_apart": uplift.individual,
        "verdict": uplift.verdict,
        "arms": [_arm_to_dict(arm, reasons.get(arm.name, ())) for arm in uplift.arms],
        "money": [_policy_to_dict(policy) for policy in uplift.policies],
    }


def _lines(uplift: Uplift, reasons: Reasons) -> Iterator[str]:
    yield f"{uplift.outcome}: {uplift.verdict}"
    for arm in uplift.arms:
        yield ""
        yield f"{arm.name}: effect on all {_said(arm.average)}"
        qini, autoc = arm.held_out.coefficient(), arm.held_out.autoc()
        yield f"  of {len(arm.held_out.score):,} members held out: Qini {_said(qini)}, AUTOC {_said(autoc)}"
        if not arm.individual:
            continue
        yield "  thought to be moved most, by fifth: " + ", ".join(_by_fifth(arm))
        yield from (f"  moved {reason.words}{_meaning(reason.covariate)}" for reason in reasons.get(arm.name, ()))
    if uplift.policies:
        yield ""
        yield from _money(uplift.policies)


def _money(policies: Sequence[Policy]) -> Iterator[str]:
    width = max(len(policy.name) for policy in policies)
    yield f"{'money for 1,000 members':{width}}  {'treated':>7}  {'against nobody':>28}  {'uplift gains over it':>28}"
    for policy in policies:
        more = "" if policy.ours_more is None else _whole(policy.ours_more)
        yield f"{policy.name:{width}}  {policy.treated:>7.1%}  {_whole(policy.worth):>28}  {more:>28}".rstrip()


def _by_fifth(arm: ArmUplift) -> Iterator[str]:
    found = fifths(arm.held_out)
    digits = _digits(*(one.value for one in found))
    return (f"{one.value:+,.{digits}f}" for one in found)


def _said(figure: Measured) -> str:
    """With its interval.

    >>> _said(Measured(0.03821, 0.01)), _said(Measured(1.23456, 0.5))
    ('0.038 [0.019, 0.058]', '1.23 [0.25, 2.21]')
    """
    ends = figure.value, figure.low, figure.high
    value, low, high = (f"{number:,.{_digits(*ends)}f}" for number in ends)
    return f"{value} [{low}, {high}]"


def _digits(*values: float) -> int:
    """Decimals: a tenth of a point of what is counted in shares, hundredths of money."""
    return 2 if max(map(abs, values)) >= 1.0 else 3


def _whole(figure: Measured) -> str:
    return f"{1e3 * figure.value:,.0f} [{1e3 * figure.low:,.0f}, {1e3 * figure.high:,.0f}]"


def _meaning(covariate: str) -> str:
    meaning = _meanings().get(covariate)
    return f" ({meaning})" if meaning else ""


@cache
def _meanings() -> dict[str, str]:
    from features.registry import registered

    return {feature.name: feature.meaning for feature in registered()}


def _figure(figure: Measured) -> dict[str, float | None]:
    ends = {"value": figure.value, "low": figure.low, "high": figure.high}
    return {name: value if math.isfinite(value) else None for name, value in ends.items()}


def _arm_to_dict(arm: ArmUplift, reasons: Sequence[Reason]) -> dict[str, Any]:
    return {
        "arm": arm.name,
        "told_apart": arm.individual,
        "effect": _figure(arm.average),
        "held_out": len(arm.held_out.score),
        "qini": _figure(arm.held_out.coefficient()),
        "autoc": _figure(arm.held_out.autoc()),
        "fifths": [_figure(found) for found in fifths(arm.held_out)] if arm.individual else [],
        "moved": [{"covariate": reason.covariate, "size": reason.size, "words": reason.words} for reason in reasons],
    }


def _policy_to_dict(policy: Policy) -> dict[str, Any]:
    more = None if policy.ours_more is None else _figure(policy.ours_more)
    return {"policy": policy.name, "treated": policy.treated, "worth": _figure(policy.worth), "uplift_gains_over_it": more}
