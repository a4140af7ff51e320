"""Features that say nothing, or that stop saying it where it matters."""

from __future__ import annotations

from typing import Final

import numpy as np

from features.operators import Floats
from training.checks.check import Check, Finding
from training.checks.evidence import Evidence, Rows

NEARLY: Final = 0.95
MOVED: Final = 0.5
_LEAST_ROWS: Final = 20


class EmptyFeature(Check):
    """Each feature's distinct values and share missing, in training and in the rows to be scored."""

    code = "TC-EMPTY-FEATURE"
    title = "A feature is constant or missing"
    finds = (
        "A feature is missing in all rows to be scored and was there in most of training's (failed); one value stands "
        f"in all training rows, or it is missing in {NEARLY:.0%} of them; or its share missing moved by more than "
        f"{MOVED} between the two (warning). Named and not counted are features that look further back than the log "
        "reaches, and those of returns or amounts in a log without any."
    )
    remedy = (
        "A feature that is always the same or missing teaches nothing: look whether its column is mapped right, or "
        "leave it out. One that is missing only now points to a column or a file that did not arrive: do not serve "
        "before it is back."
    )

    def run(self, evidence: Evidence) -> Finding:
        """Look through the columns."""
        rows, scoring = evidence.training, evidence.scoring
        if rows is None or len(rows) < _LEAST_ROWS or not rows.names:
            return self.not_applicable("There are too few training rows to tell what varies.")
        there = scoring is not None and len(scoring) >= _LEAST_ROWS
        found: dict[str, list[str]] = {kind: [] for kind in _KINDS}
        table = []
        for j, name in enumerate(rows.names):
            then = rows.x[:, j]
            now = (
                scoring.x[:, scoring.names.index(name)] if there and scoring is not None and name in scoring.names else None
            )
            kind = _kind(rows, name, then, now)
            if kind is not None:
                found[kind].append(name)
                missing = {"missing in training": _missing(then), "missing now": None if now is None else _missing(now)}
                table.append({"feature": name, "is": kind, **missing})
        figures = {kind: float(len(names)) for kind, names in found.items()}
        parts = [f"{kind}: {', '.join(names[:8])}" for kind, names in found.items() if names]
        text = "; ".join(parts)
        text = f"{text[:1].upper()}{text[1:]}." if parts else f"All {len(rows.names)} features vary and are there."
        if found["gone"]:
            return self.say("failed", text, figures, table)
        odd = [kind for kind in _KINDS if kind not in ("gone", "nothing to tell yet") and found[kind]]
        return self.say("warning" if odd else "ok", text, figures, table)


_KINDS: Final = (
    "gone",
    "constant",
    "nearly always missing",
    "missing more often now",
    "missing less often now",
    "nothing to tell yet",
)


def _kind(rows: Rows, name: str, then: Floats, now: Floats | None) -> str | None:
    """What is odd about a feature, the gravest first; None where nothing is."""
    before = _missing(then)
    after = before if now is None else _missing(now)
    if after == 1.0 and before < 1.0 - MOVED:
        return "gone"
    if abs(after - before) > MOVED:
        return f"missing {'more' if after > before else 'less'} often now"
    if before >= NEARLY:
        return "nothing to tell yet" if name in rows.idle or _young(rows, name) else "nearly always missing"
    known = then[~np.isnan(then)]
    if (known != known[0]).any():
        return None
    return "nothing to tell yet" if name in rows.idle else "constant"


def _young(rows: Rows, name: str) -> bool:
    """Whether the log begins too late for a feature's window at half of the training rows or more."""
    if rows.histories is None or not rows.window_days.get(name):
        return False
    reach = rows.cutoff - rows.histories.first_day
    return bool(np.median(reach) <= rows.window_days[name])


def _missing(values: Floats) -> float:
    return float(np.isnan(values).mean())
