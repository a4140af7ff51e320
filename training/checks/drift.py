"""Members to be scored who are not like those that were learned from."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from features.feature_table import eligible
from features.operators import Floats
from features.snapshot import to_date
from training.checks.check import Check, Finding, Status
from training.checks.evidence import Evidence, Rows
from training.checks.leak_future import sample
from training.checks.population import by_chance, stability

SHIFTED: Final = 0.1
FAR: Final = 0.25
_LEAST: Final = 20
_MOST_ROWS: Final = 50_000
"""More rows would take long and tell no more."""
_MOST_NAMED: Final = 6
P_CHURN: Final = "p_churn"


class Drift(Check):
    """Each feature, and the probability of leaving, then and now."""

    code = "TC-DRIFT"
    title = "Members to be scored differ from those learned from"
    finds = (
        f"The population stability index between the training rows and the rows to be scored is above {FAR} for a "
        f"feature, and against the newest training cutoff alone it is above {SHIFTED}; or it is above {SHIFTED} for "
        "the probability of leaving, against the same model's at that cutoff. Each has to be above what chance gives "
        "once in a thousand. Named and not counted are features that are as they were at the newest training cutoff; "
        "those that can only grow, or only fall, as a member ages, such as days since the first purchase: a log "
        "that goes on moves them; and those that no training row had, such as last year's season in a log of one "
        "year: nothing was learned from them, so they move no forecast."
    )
    remedy = (
        "Is it the data? The last days of the log may be incomplete (recency moves first), a file or an import of "
        "members missing or there twice, a column filled differently: mend that, or train --as-of an earlier day, before "
        "anything is served. Is it the shop, by a campaign or a season? Then go on, and train again once the new ways have "
        "lasted a horizon."
    )

    def run(self, evidence: Evidence) -> Finding:
        """Index of each feature and of p_churn."""
        training, scoring = evidence.training, evidence.scoring
        if training is None or scoring is None:
            return self.not_applicable("There are no training rows, or none to be scored.")
        before, after = len(np.unique(training.member)), len(np.unique(scoring.member))
        if before < _LEAST or after < _LEAST:
            return self.not_applicable(
                f"{before} members learned from and {after} to be scored: at least {_LEAST} each are needed."
            )
        table = _shifts(training, scoring)
        ageing, never = only_ageing(training), _never_known(training)
        far: list[str] = []
        known: list[str] = []
        aged: list[str] = []
        unseen: list[str] = []
        for row in table:
            if row["feature"] in never:
                unseen.append(row["feature"])
            elif row["feature"] in ageing:
                aged.append(row["feature"])
            elif row["PSI"] > FAR and row["differs now"]:
                far.append(f"{row['feature']} (PSI {row['PSI']:.2f}{_medians(row)})")
            else:
                known.append(row["feature"])
        churn = _churn(evidence)
        figures = {
            "far": float(len(far)),
            "a little, or known": float(len(known)),
            "ageing": float(len(aged)),
            "unseen": float(len(unseen)),
        }
        if churn is not None:
            figures["PSI of p_churn"] = churn[0]
        lie = "feature lies" if len(far) == 1 else f"of {len(training.names)} features lie"
        parts = [f"{len(far)} {lie} far off: {_first(far)}"] if far else []
        if churn is not None and churn[0] > max(SHIFTED, churn[1]):
            parts.append(
                f"the probability of leaving moved from {churn[2]:.3f} to {churn[3]:.3f} on average (PSI {churn[0]:.2f})"
            )
        status: Status = "warning" if parts else "ok"
        parts = parts or ["no feature lies far off"]
        if known:
            parts.append(f"moved a little, or are as at the newest training cutoff: {_first(known)}")
        if aged:
            parts.append(f"moved only as members age: {_first(aged)}")
        if unseen:
            parts.append(f"new to the log, so that no forecast was learned from them: {_first(unseen)}")
        text = "; ".join(parts)
        return self.say(status, f"{text[:1].upper()}{text[1:]}.", figures, table)


def _shifts(training: Rows, scoring: Rows) -> list[dict[str, Any]]:
    """Indices of the features that moved, the furthest first: against all training rows and those of the newest cutoff."""
    training, scoring = (rows.take(sample(np.arange(len(rows)), _MOST_ROWS)) for rows in (training, scoring))
    before, after = len(np.unique(training.member)), len(np.unique(scoring.member))
    newest = training.cutoff == training.cutoff.max()
    found: list[dict[str, Any]] = []
    for name in training.names:
        if name not in scoring.names:
            continue
        then, now = training.x[:, training.names.index(name)], scoring.x[:, scoring.names.index(name)]
        index, bins = stability(then, now)
        if index <= max(SHIFTED, by_chance(bins, before, after)):
            continue
        late, late_bins = stability(then[newest], now)
        differs = late > max(SHIFTED, by_chance(late_bins, int(newest.sum()), after))
        medians = {"median then": _median(then), "median now": _median(now)}
        found.append({"feature": name, "PSI": index, "PSI to the newest cutoff": late, "differs now": differs, **medians})
    return sorted(found, key=lambda row: -float(row["PSI"]))


def _never_known(rows: Rows) -> set[str]:
    gone = np.flatnonzero(np.isnan(rows.x).all(axis=0))
    return {rows.names[j] for j in gone}


def _median(values: Floats) -> float | None:
    """Of what is known; None where nothing is."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None


def _medians(row: dict[str, Any]) -> str:
    """Where a feature's middle was and is, where that tells of the move."""
    then, now = row["median then"], row["median now"]
    if then is None or now is None:
        return ", now missing" if now is None else ""
    told = f"{then:.3g}", f"{now:.3g}"
    return f", median {told[0]} then, {told[1]} now" if told[0] != told[1] else ""


def _first(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def only_ageing(rows: Rows) -> set[str]:
    """Features that from one cutoff to the next only rose for every member, or only fell, and did so for somebody."""
    order = np.lexsort((rows.cutoff, rows.member))
    same = np.diff(rows.member[order]) == 0
    found = set()
    for j, name in enumerate(rows.names):
        before, after = rows.x[order[:-1], j][same], rows.x[order[1:], j][same]
        there = ~np.isnan(before) & ~np.isnan(after)
        rose, fell = (after > before)[there].any(), (after < before)[there].any()
        if rose != fell:
            found.add(name)
    return found


def _churn(evidence: Evidence) -> tuple[float, float, float, float] | None:
    """Index of p_churn, what chance gives, and the means: the newest training cutoff against now, by the same model."""
    histories, forecast, rows, answers = evidence.histories, evidence.forecast, evidence.training, evidence.answers
    if histories is None or forecast is None or rows is None or not len(rows) or answers is None or not len(answers.p_churn):
        return None
    day = int(rows.cutoff.max())
    if day <= histories.first_day:
        return None
    members = sample(eligible(histories, day, evidence.lookback_days), _MOST_ROWS)
    if len(members) < _LEAST:
        return None
    cutoff = to_date(day)
    then: Floats = forecast(histories.select(members).before(cutoff), cutoff)[P_CHURN]
    index, bins = stability(then, answers.p_churn)
    chance = by_chance(bins, len(then), len(answers.p_churn))
    return index, chance, float(then.mean()), float(answers.p_churn.mean())
