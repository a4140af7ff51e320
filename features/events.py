"""The event contract: what members were sent, did and said, beside buying. An optional second log.

=============  ========  =====================================================================
column         needed    meaning
=============  ========  =====================================================================
customer_id    yes       the member, as in the transaction log
timestamp      yes       when, as in the transaction log
kind           yes       sent, opened, redeemed, referral, survey, complaint, invitation; others are kept and counted
score          no        what a survey was answered with, a number; a survey without one is refused
campaign       no        which campaign it belongs to
=============  ========  =====================================================================

Other columns are not read. Events are folded to member x day x kind with ``count`` and ``score``, the sum of scores in
fixed-point units (features.money): the mean score of a survey is score / count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from features import money
from features.beside import CheckedTable, mapped
from features.cells import (
    TIME_REASONS,
    blank,
    first_reason,
    member_cell,
    number_cell,
    text_cell,
    time_cell,
    time_conditions,
    units_cell,
)
from features.csv_files import AS_IT_SHOWS, Layout
from features.dialects import DateOrder, dates_of, is_format, numbers_of
from features.engine import Source, fetch
from features.errors import ColumnError, counted
from features.histories import Histories, Ragged
from features.identity import Integers, locate
from features.number_formats import NumberFormat
from features.schema import MEMBER_NAMES, ColumnMap, Contract
from features.suspicions import zones_agree
from features.zones import zone_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

KINDS: Final = ("sent", "opened", "redeemed", "referral", "survey", "complaint", "invitation")
"""Kinds that rules and features know."""
REFERRAL: Final = "referral"
SURVEY: Final = "survey"
EVENT_CONTRACT: Final = Contract(
    table="an event log",
    required=("customer_id", "timestamp", "kind"),
    optional=("score", "campaign"),
    everyday={
        "customer_id": MEMBER_NAMES,
        "timestamp": frozenset({"timestamp", "time", "date", "datetime", "eventtime", "eventdate"}),
        "kind": frozenset({"kind", "event", "eventtype", "type"}),
        "score": frozenset({"score", "rating", "surveyscore"}),
        "campaign": frozenset({"campaign", "campaignid"}),
    },
    option="--map-event",
    personal=True,
)
EVENT_REASONS: Final[Mapping[str, str]] = {
    **TIME_REASONS,
    "no_kind": "no kind of event",
    "unusable_score": f"score is not a number below {money.MAX_AMOUNT:.0e}",
    "no_score": "a survey without a score",
}
"""Reason code → what it means, in the order in which they are tried."""
_MOST_KINDS: Final = 100


@dataclass(frozen=True)
class CheckedEvents(CheckedTable):
    """An event log with each row's verdict; typed are ``tc_member``, ``tc_time``, ``tc_kind`` and ``tc_score``."""

    contract = EVENT_CONTRACT
    reasons = EVENT_REASONS

    @cached_property
    def folded(self) -> pa.Table:
        """Usable rows → member, day, kind, count, score, in no order; read when first asked.

        Raises
        ------
        UnusableLogError
            no row is usable
        ColumnError
            there are so many kinds that they cannot be kinds
        """
        row = self.usable
        table = fetch(
            row.group_by(member=row.tc_member, day=row.tc_time.date(), kind=row.tc_kind).agg(
                count=row.count(), score=units_cell(row.tc_score).sum().cast("int64")
            )
        )
        if table.num_rows == 0:
            raise self.nothing_usable()
        kinds = len(table["kind"].unique())
        if kinds > _MOST_KINDS:
            raise ColumnError(f"an event log has at most {_MOST_KINDS} kinds", f"{kinds:,}", "map kind to another column")
        return table

    def notes(self, histories: Histories) -> list[str]:
        """What is worth telling about the log beside these histories, a sentence each."""
        said = [f"refused {clause}" for clause in self.refusals("event")]
        table = self.folded
        said += self.guesses("an event")
        other = [kind for kind in table["kind"].unique().to_pylist() if kind not in KINDS]
        if other:
            known = ", ".join(KINDS)
            said.append(f"{counted(len(other), 'kind')} of event beside {known}: kept, used by no rule")
        ids = table["member"].unique()
        unknown = int((locate(histories.members, ids) < 0).sum())
        if unknown:
            of = counted(len(ids), "member")
            said.append(f"{unknown:,} of {of} in the event log without transactions: their events are left out")
        return said


def check_events(
    source: Source,
    mapping: Mapping[str, str] | None = None,
    *,
    time_zone: str | None = None,
    decimal_comma: bool = False,
    number_format: str | None = None,
    date_order: DateOrder | None = None,
    date_format: str | None = None,
    layout: Layout = AS_IT_SHOWS,
) -> CheckedEvents:
    """Give every row of an event log its verdict. Lazy; only mapped columns are selected.

    Parameters
    ----------
    source : path, glob, frame or table
    mapping : contract column → source column
    time_zone, decimal_comma, number_format, date_order, date_format, layout : as for transactions (features.verdicts)

    Raises
    ------
    SourceError
    ColumnError
        also where only some times have a zone and none is said for the others

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer_id": [1, 1], "timestamp": ["2017-01-01"] * 2, "kind": ["Survey", "sent"]})
    >>> check_events(log).refused
    {'no_score': 1}
    """
    dates, numbers = dates_of(date_order, date_format), numbers_of(decimal_comma, number_format)
    row, columns = mapped(source, mapping, EVENT_CONTRACT, layout)
    if time_zone is None and not is_format(dates):
        zones_agree(row, row.timestamp)
    row = row.mutate(
        tc_member=member_cell(row.customer_id),
        tc_time=time_cell(row.timestamp, zone=zone_of(time_zone) if time_zone else None, dates=dates),
        tc_kind=text_cell(row.kind).strip().lower(),
        tc_score=_score(row, columns, numbers),
    )
    return CheckedEvents(row.mutate(tc_reason=first_reason(_conditions(row, columns), EVENT_REASONS)), columns)


def attach_events(histories: Histories, checked: CheckedEvents) -> Histories:
    """Histories with the events of their members; the log's span stays that of the transactions.

    Parameters
    ----------
    checked : events of any members; those without transactions are left out (``CheckedEvents.notes`` counts them)

    Returns
    -------
    Histories
        ``events[kind]`` has one row a member and day, with ``count`` and ``score``; known kinds are always there

    Raises
    ------
    UnusableLogError, ColumnError
        as in ``CheckedEvents.folded``
    """
    return with_events(histories, checked.folded)


def with_events(histories: Histories, table: pa.Table) -> Histories:
    """The same from a table as ``CheckedEvents.folded`` gives it; the histories may be a part of the log's."""
    member = locate(histories.members, table["member"])
    day = table["day"].cast("date32").cast("int32").to_numpy()
    encoded = table["kind"].combine_chunks().dictionary_encode()
    codes, names = encoded.indices.to_numpy(), encoded.dictionary.to_pylist()
    code = {name: names.index(name) if name in names else -1 for name in (*KINDS, *sorted(set(names) - set(KINDS)))}
    values = {name: table[name].to_numpy() for name in ("count", "score")}
    events = {}
    for name, own in code.items():
        rows = np.flatnonzero((member >= 0) & (codes == own))
        rows = rows[np.lexsort((day[rows], member[rows]))]
        offsets: Integers = np.searchsorted(member[rows], np.arange(len(histories) + 1)).astype(np.int64)
        events[name] = Ragged(offsets, day[rows], {value: column[rows] for value, column in values.items()})
    return replace(histories, events=events)


def _score(row: ir.Table, columns: ColumnMap, numbers: NumberFormat | None) -> ir.Value:
    import ibis

    return number_cell(row.score, "score", numbers) if "score" in columns.sources else ibis.null("float64")


def _conditions(row: ir.Table, columns: ColumnMap) -> dict[str, Any]:
    conditions = time_conditions(row.timestamp, row.tc_member, row.tc_time)
    conditions["no_kind"] = row.tc_kind.isnull()
    empty = blank(row.score) if "score" in columns.sources else True
    if "score" in columns.sources:
        number = row.tc_score
        conditions["unusable_score"] = ~empty & (number.isnull() | number.isnan() | (number.abs() >= money.MAX_AMOUNT))
    conditions["no_score"] = (row.tc_kind == SURVEY) & empty
    return conditions
