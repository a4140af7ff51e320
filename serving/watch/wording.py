"""What is watched as a table to read, and as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from features.errors import counted
from serving.watch.judging import AUC, ECE, LOSS, OFF, SPEND_TOTAL, TIER_LOSS, TIER_RIGHT
from serving.watch.verdicts import Seen, alerts
from training.metrics import Estimate
from training.reference import Reference
from training.sightings import P_CHURN

_WIDE: Final = {AUC: 22, LOSS: 22, OFF: 25, TIER_LOSS: 22}


def to_text(seen: Sequence[Seen], references: Mapping[str, Reference | None], waiting: str | None) -> str:
    """Runs beside the training, then those judged, then what is past a threshold; tables have at most 140 columns.

    Parameters
    ----------
    waiting : which runs cannot be judged yet, or why none is
    """
    parts = [_models(seen, references), _runs(seen)]
    if any(each.run.outcome is not None and each.run.outcome.rows for each in seen):
        parts.append(_judged(seen))
    if waiting:
        parts.append(waiting)
    notes = dict.fromkeys(note for each in seen for note in each.notes)
    parts += [f"note: {note}" for note in notes]
    found = alerts(seen)
    parts.append("\n".join(f"ALERT {alert}" for alert in found) if found else "quiet: nothing is past its threshold")
    return "\n\n".join(parts)


def to_dict(seen: Sequence[Seen], waiting: str | None) -> dict[str, Any]:
    """Plain values, ready for JSON; None where there is no number."""
    return {"alerts": alerts(seen), "waiting": waiting, "runs": [_plain(each) for each in seen]}


def _models(seen: Sequence[Seen], references: Mapping[str, Reference | None]) -> str:
    lines = []
    for version in dict.fromkeys(each.run.version for each in seen):
        reference = references.get(version)
        if reference is None:
            lines.append(f"model {version}: no reference")
        else:
            dates = f"{counted(len(reference.dates), 'date')} from {reference.dates[0]} on"
            lines.append(f"model {version}: compared with {reference.as_of}; what is usual, by {dates}")
    return "\n".join(lines)


def _runs(seen: Sequence[Seen]) -> str:
    head = f"  {'as of':<12}{'members':>10}{'p_churn':>9}{'inputs':>9}{'forecasts':>11}  furthest"
    lines = ["scoring runs: how far from the training, in limits of each quantity (above 1 something happened)", head]
    for each in seen:
        run = each.run
        mean = run.means.get(P_CHURN, math.nan)
        p_churn = "" if math.isnan(mean) else f"{mean:.3f}"
        paces = [_times(each.pace(group)) for group in ("inputs", "forecasts")]
        moved = [f"{one.name} {_times(one.pace)}" for one in each.moved[:3] if _times(one.pace) != _times(0.0)]
        first = ", ".join(moved) if moved or not each.moved else "nothing moved"
        lines.append(f"  {run.as_of!s:<12}{run.members:>10,}{p_churn:>9}{paces[0]:>9}{paces[1]:>11}  {first}".rstrip())
    return "\n".join(lines)


def _judged(seen: Sequence[Seen]) -> str:
    head = f"  {'as of':<12}{'rows':>9}  " + "".join(f"{name:<{wide}}" for name, wide in _WIDE.items())
    lines = ["judged by what happened", f"{head}{'ECE':<7}{'tier right':<11}spend".rstrip()]
    for each in seen:
        outcome = each.run.outcome
        if outcome is None or not outcome.rows:
            continue
        found = outcome.figures
        row = "".join(f"{_interval(found.get(name), signed=name == OFF):<{wide}}" for name, wide in _WIDE.items())
        rest = "".join(f"{_bare(found.get(name)):<{wide}}" for name, wide in ((ECE, 7), (TIER_RIGHT, 11), (SPEND_TOTAL, 6)))
        lines.append(f"  {each.run.as_of!s:<12}{outcome.rows:>9,}  {row}{rest}".rstrip())
    return "\n".join(lines)


def _times(pace: float | None) -> str:
    return "" if pace is None else f"{pace:.2f}"


def _interval(estimate: Estimate | None, *, signed: bool) -> str:
    if estimate is None or math.isnan(estimate.value):
        return ""
    sign = "+" if signed else ""
    return f"{estimate.value:{sign}.3f} [{estimate.low:{sign}.3f}, {estimate.high:{sign}.3f}]"


def _bare(estimate: Estimate | None) -> str:
    return "" if estimate is None or math.isnan(estimate.value) else f"{estimate.value:.3f}"


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _plain(each: Seen) -> dict[str, Any]:
    run, outcome = each.run, each.run.outcome
    judged = None
    if outcome is not None:
        figures = {
            name: {end: _number(value) for end, value in vars(found).items()} for name, found in outcome.figures.items()
        }
        judged = {
            "rows": outcome.rows,
            "lost": outcome.lost,
            "ece_by_chance": _number(outcome.ece_by_chance),
            "figures": figures,
        }
    return {
        "model_version": run.version,
        "as_of": run.as_of.isoformat(),
        "due": run.due.isoformat(),
        "members": run.members,
        "means": {name: _number(mean) for name, mean in run.means.items()},
        "refused": run.refused,
        "compared": bool(each.moved),
        "movements": [
            {
                "name": moved.name,
                "of": moved.kind,
                "index": _number(moved.index),
                "limit": moved.limit,
                "usual": moved.usual,
                "missing": moved.missing[1],
                "missing_at_training": moved.missing[0],
                "was": moved.was,
                "now": moved.now,
                "far": moved.far,
            }
            for moved in each.moved
        ],
        "judged": judged,
        "alerts": [*each.alerts, *each.judged_alerts],
        "notes": list(each.notes),
    }
