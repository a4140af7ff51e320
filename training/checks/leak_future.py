"""A forecast that knows what came after its cutoff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

import numpy as np

from features.feature_table import eligible
from features.operators import Integers
from features.snapshot import to_date, to_day
from training.checks.check import Check, Finding
from training.checks.evidence import Evidence, Rows, Said
from training.checks.perturbed import absurd_future

SAMPLE: Final = 200


class LeakingFuture(Check):
    """The same members at the same cutoff, with other futures, to the bit."""

    code = "TC-LEAK-FUTURE"
    title = "A forecast changes with what comes after its cutoff"
    finds = (
        f"For a sample of {SAMPLE} members the forecast of a past cutoff is made three times: from the log up to the "
        "cutoff, from the whole log, and with absurd rows in place of everything from the cutoff on. And training "
        "rows are described again from the log as it was known at their cutoffs. Any difference in a single bit "
        "fails."
    )
    remedy = (
        "Something reads rows on or after the cutoff. Find it by the names in the table: a feature's operator without "
        "the bound, a fit on the whole log, a table joined without its date. No figure of a backtest counts until it "
        "is mended."
    )

    def run(self, evidence: Evidence) -> Finding:
        """Compare what is said under different futures."""
        changed: dict[str, dict[str, object]] = {}
        looked = 0
        for what, at, members, same in [*_forecasts(evidence), *_training(evidence)]:
            looked += members
            if not same:
                changed.setdefault(what, {"changed": what, "cutoff": at.isoformat(), "members": members})
        if not looked:
            return self.not_applicable("There is no past cutoff at which a member could be described again.")
        figures = {"changed": float(len(changed)), "comparisons": float(looked)}
        if changed:
            return self.say(
                "failed", f"With another future these change: {', '.join(changed)}.", figures, [*changed.values()]
            )
        return self.say("ok", f"{looked:,} comparisons with other futures gave the same bits.", figures)


def _forecasts(evidence: Evidence) -> Iterator[tuple[str, dt.date, int, bool]]:
    """(what, cutoff, members, whether it stayed) for forecasts of the newest cutoff whose horizon is over."""
    histories, forecast = evidence.histories, evidence.forecast
    if histories is None or forecast is None:
        return
    day = to_day(evidence.as_of) - evidence.horizon_days
    if not histories.first_day < day < histories.end_day:
        return
    members = sample(eligible(histories, day, evidence.lookback_days))
    if not len(members):
        return
    cutoff, some = to_date(day), histories.select(members)
    known = forecast(some.before(cutoff), cutoff)
    for name, future in (("the rest of the log", some), ("absurd rows", absurd_future(some, cutoff))):
        found = forecast(future, cutoff)
        for what in known:
            yield f"{what} ({name})", cutoff, len(members), _same(known, found, what)


def _training(evidence: Evidence) -> Iterator[tuple[str, dt.date, int, bool]]:
    """The same for the features of training rows, cutoff by cutoff."""
    rows, describe = evidence.training, evidence.describe
    if rows is None or rows.histories is None or describe is None:
        return
    for day in np.unique(rows.cutoff).tolist():
        at, cutoff = sample(np.flatnonzero(rows.cutoff == day)), to_date(day)
        at = at[np.argsort(rows.member[at], kind="stable")]
        if day <= rows.histories.first_day or len(np.unique(rows.member[at])) < len(at):
            continue
        again = describe(rows.histories.select(rows.member[at]).before(cutoff), cutoff)
        yield from _compared(rows, at, again, cutoff)


def _compared(rows: Rows, at: Integers, again: np.ndarray, cutoff: dt.date) -> Iterator[tuple[str, dt.date, int, bool]]:
    if again.shape != (len(at), len(rows.names)):
        yield "who is described at a training cutoff", cutoff, len(at), False
        return
    for j, name in enumerate(rows.names):
        yield f"{name} (training rows)", cutoff, len(at), bool(np.array_equal(rows.x[at, j], again[:, j], equal_nan=True))


def sample(found: Integers, most: int = SAMPLE) -> Integers:
    """At most so many of the positions, in order, drawn the same way every time."""
    if len(found) <= most:
        return found
    return np.sort(np.random.default_rng(0).choice(found, most, replace=False))


def _same(known: Said, found: Said, what: str) -> bool:
    return what in found and bool(np.array_equal(known[what], found[what], equal_nan=True))
