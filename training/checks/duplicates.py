"""The same thing counted twice: rows of the training table, members, lines of the log."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from features.histories import Histories, Ragged
from features.operators import Integers
from training.checks.check import Check, Finding
from training.checks.evidence import Evidence, LogCounts, Rows

LEAST_DAYS: Final = 3
TWINS: Final = 0.005
LINES: Final = 0.01
_OVER_CHANCE: Final = 3.0


class Duplicates(Check):
    """Member and cutoff pairs, whole histories, and the log check's own counts."""

    code = "TC-DUPLICATES"
    title = "Something is counted twice"
    finds = (
        "A member stands twice at the same cutoff among the training rows or among those to be scored (failed); more "
        f"than {TWINS:.1%} of the members with at least {LEAST_DAYS} purchase days share their whole history, days and "
        f"amounts, with another member, {_OVER_CHANCE:g} times as many as chance gives; or of the log's lines more "
        f"than {LINES:.0%} repeat others and were kept, or any stand in two files (warning)."
    )
    remedy = (
        "Rows twice in a table are a fault of the data's way here: mend it. Members with one history are mostly one "
        "person with two ids, or a file read under two names: merge them. Repeated lines: --duplicates drop, or "
        "overlap where files overlap; if a till really writes equal lines twice, keep them and be content."
    )

    def run(self, evidence: Evidence) -> Finding:
        """All three kinds."""
        looked, figures, failures, warnings = 0, {}, [], []
        for name, rows in (("training", evidence.training), ("scoring", evidence.scoring)):
            if rows is not None and len(rows):
                looked += 1
                twice = len(rows) - distinct_rows(rows)
                figures[f"{name} rows twice"] = float(twice)
                if twice:
                    failures.append(f"{twice:,} of {len(rows):,} {name} rows repeat a member at the same cutoff")
        if evidence.histories is not None and len(evidence.histories):
            looked += 1
            twins, members, expected = shared_histories(evidence.histories)
            figures |= {"members with a shared history": float(twins), "by chance": expected}
            if twins > max(1.0, TWINS * members, _OVER_CHANCE * expected):
                warnings.append(
                    f"{twins:,} of {members:,} members with {LEAST_DAYS} purchase days or more share their whole "
                    f"history with another ({expected:.1f} by chance)"
                )
        if evidence.log is not None and evidence.log.rows:
            looked += 1
            figures |= {"repeated lines": float(evidence.log.repeated), "overlapping lines": float(evidence.log.overlap)}
            warnings += _lines(evidence.log)
        if not looked:
            return self.not_applicable("There is no table and no log to look through.")
        if failures or warnings:
            return self.say("failed" if failures else "warning", f"{'; '.join(failures + warnings)}.", figures)
        return self.say("ok", f"Nothing is counted twice in {looked} places that were looked at.", figures)


def _lines(log: LogCounts) -> list[str]:
    found = []
    if log.keeps_repeated and log.repeated > LINES * log.rows:
        found.append(f"{log.repeated:,} of {log.rows:,} lines of the log repeat another and were kept")
    if log.keeps_overlap and log.overlap:
        found.append(f"{log.overlap:,} lines of the log stand in two files and were kept")
    return found


def distinct_rows(rows: Rows) -> int:
    """How many different pairs of member and cutoff there are."""
    order = np.lexsort((rows.cutoff, rows.member))
    member, cutoff = rows.member[order], rows.cutoff[order]
    return 1 + int(((np.diff(member) != 0) | (np.diff(cutoff) != 0)).sum()) if len(order) else 0


def shared_histories(histories: Histories) -> tuple[int, int, float]:
    """Members whose purchases equal another's day by day, members looked at, and how many of the first chance gives.

    Only members with ``LEAST_DAYS`` purchase days or more are looked at. By chance, with k days each drawn from the log's
    own days (and amounts), two members agree with probability k! (sum of squared shares of the days)^k, times that of the
    amounts.
    """
    visits = histories.visits
    size = np.diff(visits.offsets)
    members = np.flatnonzero(size >= LEAST_DAYS)
    if not len(members):
        return 0, 0, 0.0
    amounts = visits.values["gross"] if histories.has_amounts and "gross" in visits.values else None
    print_ = _fingerprints(visits, size, amounts)[members]
    _, at, times = np.unique(print_, return_inverse=True, return_counts=True)
    twins = int((times[at] > 1).sum())
    agree = _collision(visits.day) * (1.0 if amounts is None else _collision(amounts))
    expected = 0.0
    for k, n in zip(*np.unique(size[members], return_counts=True), strict=True):
        chance = float(np.exp(min(0.0, np.log(np.arange(1, k + 1)).sum() + k * np.log(agree))))
        expected += float(n) * (1.0 - (1.0 - chance) ** (float(n) - 1.0))
    return twins, len(members), expected


def _collision(values: npt.NDArray[np.generic]) -> float:
    """Probability that two values drawn from these agree."""
    _, times = np.unique(values, return_counts=True)
    return float(((times / times.sum()) ** 2).sum())


def _fingerprints(visits: Ragged, size: Integers, amounts: Integers | None) -> npt.NDArray[np.uint64]:
    """(n_members,) a number of 64 bits a history: the sum of its days' own, mixed."""
    mixed = _mixed(visits.day.astype(np.uint64))
    if amounts is not None:
        mixed = _mixed(mixed ^ _mixed(amounts.astype(np.uint64) + np.uint64(1)))
    sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)))
    totals: npt.NDArray[np.uint64] = sums[visits.offsets[1:]] - sums[visits.offsets[:-1]]
    return _mixed(totals ^ size.astype(np.uint64))


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finalizer of SplitMix64 (Steele et al., 2014): each input bit moves half of the output's."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
