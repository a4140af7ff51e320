"""What a log is good for: counts of rows, members, gaps and refusals, as a report to read."""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from features import money
from features.cells import blank, count_by_reason
from features.daily import daily
from features.engine import fetch
from features.errors import counted
from features.quirks import UNDONE_MINUTES, Held, Signs, Undone, held, signs, undone
from features.repetition import Duplicates, repetitions
from features.suggestions import suggestions
from features.verdicts import REASONS, Checked

_WIDE: Final = "decimal(38, 0)"  # a sum over all members may be too large for int64


@dataclass(frozen=True)
class UsabilityReport:
    """Counts over a log.

    ``missing`` is the share of all rows in which a contract column is empty (only columns that were found);
    ``refused`` counts rows by reason code and leaves out reasons that did not occur. ``returned_amount`` and
    ``bought_amount`` are None in a log without amounts. ``repeated_rows`` counts rows equal to an earlier one of the
    same file, ``overlap_rows`` those that a file repeats of an earlier file (features.repetition). ``signs``,
    ``rules`` and ``undone`` are as in features.quirks, ``hints`` as in features.suggestions.
    """

    rows: int
    usable_rows: int
    members: int
    first: dt.datetime | None
    last: dt.datetime | None
    shopping_days: int
    single_day_members: int
    missing: Mapping[str, float]
    refused: Mapping[str, int]
    return_rows: int | None
    returned_amount: float | None
    bought_amount: float | None
    repeated_rows: int
    overlap_rows: int
    duplicates: Duplicates
    signs: Sequence[Signs]
    rules: Sequence[Held]
    undone: Undone | None
    guessed: Mapping[str, str]
    hints: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, times in ISO 8601."""
        plain = asdict(self)
        for key in ("first", "last"):
            plain[key] = plain[key].isoformat() if plain[key] else None
        return plain

    def to_text(self) -> str:
        """The report as lines for a terminal."""
        lines = [
            _line("rows", f"{self.rows:,}"),
            _line("usable", f"{self.usable_rows:,}" + _share(self.usable_rows, self.rows)),
            _line("members", f"{self.members:,}, {self.single_day_members:,} of them on one day only"),
            _line("span", "none" if self.first is None else f"{self.first} to {self.last}"),
            _line("shopping days", f"{self.shopping_days:,} member-days"),
        ]
        for column, source in self.guessed.items():
            lines.append(_line("taken as", f"{column} = {source} (say --map {column}=... for another)"))
        for column, share in self.missing.items():
            if share:
                lines.append(_line("missing", f"{column} in {percent(share)} of the rows"))
        if filled := [column for column, share in self.missing.items() if not share]:
            lines.append(_line("missing", f"nothing in {', '.join(filled)}"))
        if self.return_rows is None:
            lines.append(_line("amounts", "not available: visits count, money does not exist"))
        else:
            lines.append(_line("bought", f"{self.bought_amount:,.2f}"))
            back = f"{self.returned_amount:,.2f} in {counted(self.return_rows, 'row')}"
            lines.append(_line("returned", back if self.return_rows else "nothing"))
        lines += self._odd()
        for code, count in self.refused.items():
            lines.append(_line("refused", f"{count:,}{_share(count, self.rows)}: {REASONS[code]}"))
        lines += [_line("to mend it", hint) for hint in self.hints]
        if not self.refused:
            lines.append(_line("refused", "none"))
        return "\n".join(lines)

    def _odd(self) -> list[str]:
        """What is odd and yet no fault."""
        kept = "kept (--duplicates drop refuses them)" if self.duplicates != "drop" else "refused"
        lines = [_line("repeated rows", f"{self.repeated_rows:,}" + (f", {kept}" if self.repeated_rows else ""))]
        if self.overlap_rows:
            verb = "kept (--duplicates overlap refuses them)" if self.duplicates == "keep" else "refused"
            lines.append(_line("overlap", f"{_rows(self.overlap_rows)} that a file repeats of an earlier one, {verb}"))
        lines += [
            _line("signs", f"{sign.column} is below 0 in {_rows(sign.negative)}, and 0 in {_rows(sign.zero)}")
            for sign in self.signs
            if len(self.signs) > 1 or sign.zero
        ]
        lines += [
            _line("rule", f"{rule.name}: {_rows(rule.rows)}, {'kept' if rule.kept else 'refused'}") for rule in self.rules
        ]
        if self.undone is not None and self.undone.rows:
            text = f"{counted(self.undone.rows, 'purchase')} worth {self.undone.amount:,.2f}"
            more = f"the largest {self.undone.largest:,.2f}, each returned within {UNDONE_MINUTES} minutes; both are kept"
            lines.append(_line("undone", f"{text}, {more}"))
        return lines


def report(checked: Checked) -> UsabilityReport:
    """Count a checked log; one pass for the totals, one for repetitions.

    >>> import pandas as pd
    >>> from features.verdicts import check
    >>> log = pd.DataFrame({"customer_id": [1, 1, 2], "timestamp": ["2017-01-01"] * 3, "amount": [5.0, 5.0, -1.0]})
    >>> summary = report(check(log))
    >>> summary.usable_rows, summary.repeated_rows, summary.returned_amount
    (3, 1, 1.0)
    """
    rows, columns = checked.rows, checked.columns
    counts = count_by_reason(rows)
    clean = checked.clean
    days = daily(clean)
    member = days.group_by("member").agg(
        days=(days.orders > 0).sum(), gross=days.gross.sum().cast("int64"), returned=days.returned.sum().cast("int64")
    )
    of_members = member.agg(
        days=member.days.sum(),
        single=(member.days == 1).sum(),
        bought=member.gross.cast(_WIDE).sum(),
        returned=member.returned.cast(_WIDE).sum(),
    )
    of_rows = clean.agg(
        members=clean.customer_id.nunique(),
        first=clean.timestamp.min(),
        last=clean.timestamp.max(),
        returns=(clean.amount < 0).sum(),
    )
    folded, total = fetch(of_members).to_pylist()[0], fetch(of_rows).to_pylist()[0]
    total_rows = sum(counts.values())
    amounts = columns.has_amounts
    repeated, overlap = repetitions(checked.source)
    return UsabilityReport(
        rows=total_rows,
        usable_rows=counts.get(None, 0),
        members=total["members"],
        first=total["first"],
        last=total["last"],
        shopping_days=int(folded["days"] or 0),
        single_day_members=int(folded["single"] or 0),
        missing=_missing(checked),
        refused={code: counts[code] for code in REASONS if code in counts},
        return_rows=int(total["returns"] or 0) if amounts else None,
        returned_amount=int(folded["returned"] or 0) / money.UNITS if amounts else None,
        bought_amount=int(folded["bought"] or 0) / money.UNITS if amounts else None,
        repeated_rows=repeated,
        overlap_rows=overlap,
        duplicates=checked.duplicates,
        signs=signs(checked),
        rules=held(checked),
        undone=undone(checked),
        guessed={name: columns.shown(name) for name in columns.guessed},
        hints=suggestions(checked, counts),
    )


def _missing(checked: Checked) -> dict[str, float]:
    rows = checked.rows
    shares = {}
    for name, sources in checked.columns.sources.items():
        empty = [blank(rows[source]) for source in sources]
        shares[name] = functools.reduce(operator.or_, empty).mean()
    return {name: float(share) for name, share in fetch(rows.agg(**shares)).to_pylist()[0].items()}


def _line(label: str, text: str) -> str:
    return f"{label:<14} {text}"


def _rows(count: int) -> str:
    return counted(count, "row") if count else "none"


def _share(part: int, whole: int) -> str:
    return f" ({percent(part / whole)})" if whole else ""


def percent(share: float) -> str:
    """A share to two decimals, that is not said to be nothing, or all, where it is not.

    >>> percent(0.0), percent(0.00001), percent(0.5), percent(0.99999), percent(1.0)
    ('0%', 'less than 0.01%', '50.00%', 'more than 99.99%', '100%')
    """
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    text = f"{share:.2%}"
    return {"0.00%": "less than 0.01%", "100.00%": "more than 99.99%"}.get(text, text)
