"""The member table: since when somebody is a member, and whether they may be written to. Optional.

=============  ========  =====================================================================
column         needed    meaning
=============  ========  =====================================================================
customer_id    yes       the member, as in the transaction log
joined         no        date of joining; empty where it is not known
consent        no        whether marketing is agreed to: true/false, 1/0, yes/no, ja/nein, 是/否; empty if not asked
=============  ========  =====================================================================

Other columns, such as names and addresses, are not read. A member without transactions is a prospect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from features.beside import CheckedTable, mapped
from features.cells import EARLIEST, TIME_REASONS, blank, first_reason, member_cell, time_cell
from features.csv_files import AS_IT_SHOWS, Layout
from features.dialects import DateOrder, dates_of
from features.engine import Source, fetch
from features.errors import ColumnError, counted
from features.histories import Histories
from features.identity import locate
from features.schema import MEMBER_NAMES, ColumnMap, Contract
from features.zones import zone_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

MEMBER_CONTRACT: Final = Contract(
    table="a member table",
    required=("customer_id",),
    optional=("joined", "consent"),
    everyday={
        "customer_id": MEMBER_NAMES,
        "joined": frozenset(
            {"joindate", "signupdate", "registrationdate", "enrolmentdate", "enrollmentdate", "membersince"}
        ),
        "consent": frozenset({"optin", "marketingconsent", "marketingoptin"}),
    },
    option="--map-member",
    personal=True,
)
YES: Final = ("true", "t", "1", "1.0", "yes", "y", "ja", "j", "是")
NO: Final = ("false", "f", "0", "0.0", "no", "n", "nein", "否")
MEMBER_REASONS: Final[Mapping[str, str]] = {
    "no_member": TIME_REASONS["no_member"],
    "unparsable_joined": "joined cannot be read (a date is expected, as 2017-01-31; date_order says how others are written)",
    "zero_joined": "joined before 1980: an empty date in disguise",
    "unreadable_consent": "consent is none of true/false, 1/0, yes/no, ja/nein, 是/否",
    "contradiction": "the member stands there more than once, with different dates or consents",
}
"""Reason code → what it means, in the order in which they are tried."""
UNKNOWN: Final = -1
"""Stands for a date or a consent that nobody knows."""


@dataclass(frozen=True, eq=False)
class Prospects:
    """Members without transactions: ids as they came, ``joined`` as day numbers, ``consent`` as 1 or 0; -1 is unknown."""

    ids: npt.NDArray[Any]
    joined: npt.NDArray[np.int32]
    consent: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.ids)

    def known(self, day: int) -> npt.NDArray[np.bool_]:
        """Who was a member before a day number; those of unknown date were."""
        before: npt.NDArray[np.bool_] = self.joined < day
        return before


@dataclass(frozen=True, eq=False)
class Enrolled:
    """What the member table says beside dates of joining: (n_members,) consent of the histories' members, and prospects."""

    consent: npt.NDArray[np.int8]
    prospects: Prospects


@dataclass(frozen=True)
class CheckedMembers(CheckedTable):
    """A member table with each row's verdict; typed are ``tc_member``, ``tc_joined`` and ``tc_consent``."""

    contract = MEMBER_CONTRACT
    reasons = MEMBER_REASONS

    @cached_property
    def folded(self) -> pa.Table:
        """Usable rows → member, joined, consent, a row a member; read when first asked.

        Raises
        ------
        UnusableLogError
            no row is usable
        """
        row = self.usable
        table = fetch(row.group_by(member=row.tc_member).agg(joined=row.tc_joined.max(), consent=row.tc_consent.max()))
        if table.num_rows == 0:
            raise self.nothing_usable()
        return table.sort_by("member")

    def notes(self, histories: Histories) -> list[str]:
        """What is worth telling about the table beside these histories, a sentence each."""
        said = [f"refused {clause}" for clause in self.refusals("row", " of the member table")]
        said += self.guesses("a member")
        position = locate(histories.members, self.folded["member"])
        prospects = int((position < 0).sum())
        missing = len(histories) - len(np.unique(position[position >= 0]))
        all_of = counted(len(position), "member")
        said.append(f"{all_of} in the member table, {prospects:,} of them without transactions: prospects")
        if missing:
            said.append(f"not in it: {counted(missing, 'member')}, whose first purchase stands for the day of joining")
        return said


def check_members(
    source: Source,
    mapping: Mapping[str, str] | None = None,
    *,
    time_zone: str | None = None,
    date_order: DateOrder | None = None,
    date_format: str | None = None,
    layout: Layout = AS_IT_SHOWS,
) -> CheckedMembers:
    """Give every row of a member table its verdict. Lazy; only mapped columns are selected.

    Parameters
    ----------
    source : path, glob, frame or table
    mapping : contract column → source column
    time_zone, date_order, date_format, layout : as for transactions (features.verdicts)

    Raises
    ------
    SourceError, ColumnError

    >>> import pandas as pd
    >>> table = pd.DataFrame({"customer_id": [1, 2, 2], "joined": ["2017-01-31", "2017-02-01", "2017-02-02"]})
    >>> check_members(table).refused
    {'contradiction': 2}
    """
    import ibis

    dates = dates_of(date_order, date_format)
    row, columns = mapped(source, mapping, MEMBER_CONTRACT, layout)
    has = columns.sources
    zone = zone_of(time_zone) if time_zone else None
    row = row.mutate(
        tc_member=member_cell(row.customer_id),
        tc_joined=time_cell(row.joined, "joined", zone, dates).date() if "joined" in has else ibis.null("date"),
        tc_consent=_consent(row.consent) if "consent" in has else ibis.null("int8"),
    )
    row = row.mutate(tc_own=first_reason(_conditions(row, columns), MEMBER_REASONS))
    usable = row.tc_own.isnull()
    own = ibis.window(group_by="tc_member")
    differ = [
        row[name].min(where=usable).over(own) != row[name].max(where=usable).over(own)
        for name in ("tc_joined", "tc_consent")
    ]
    contradiction = usable & (differ[0].fill_null(False) | differ[1].fill_null(False))
    return CheckedMembers(row.mutate(tc_reason=contradiction.ifelse("contradiction", row.tc_own)), columns)


def attach_members(histories: Histories, checked: CheckedMembers) -> tuple[Histories, Enrolled]:
    """Histories that know when each member joined, and what else the table says.

    Raises
    ------
    UnusableLogError
        as in ``CheckedMembers.folded``
    """
    table = checked.folded
    position, days = locate(histories.members, table["member"]), _days(table)
    agreed = table["consent"].fill_null(UNKNOWN).to_numpy().astype(np.int8)
    there = position >= 0
    consent = np.full(len(histories), UNKNOWN, np.int8)
    consent[position[there]] = agreed[there]
    ids = np.array(table["member"].to_pylist(), object)[~there]
    return with_joined(histories, table), Enrolled(consent, Prospects(ids, days[~there], agreed[~there]))


def with_joined(histories: Histories, table: pa.Table) -> Histories:
    """The same from a table as ``CheckedMembers.folded`` gives it, dates alone; the histories may be a part of the log's."""
    position = locate(histories.members, table["member"])
    there = position >= 0
    joined = np.full(len(histories), UNKNOWN, np.int32)
    joined[position[there]] = _days(table)[there]
    return replace(histories, joined=joined)


def _days(table: pa.Table) -> npt.NDArray[np.int32]:
    days: npt.NDArray[np.int32] = table["joined"].cast("date32").cast("int32").fill_null(UNKNOWN).to_numpy()
    return days.astype(np.int32)


def _consent(column: ir.Column) -> ir.Value:
    """1, 0, or null where the cell is neither."""
    import ibis

    kind = column.type()
    if kind.is_boolean():
        return column.cast("int8")
    if not (kind.is_string() or kind.is_numeric()):
        raise ColumnError("consent is true or false", f"a column of type {kind}", "map another column to consent")
    word = column.cast("string").strip().lower()
    return ibis.cases((word.isin(YES), 1), (word.isin(NO), 0)).cast("int8")


def _conditions(row: ir.Table, columns: ColumnMap) -> dict[str, Any]:
    import ibis

    conditions: dict[str, Any] = {"no_member": row.tc_member.isnull()}
    if "joined" in columns.sources:
        conditions["unparsable_joined"] = ~blank(row.joined) & row.tc_joined.isnull()
        conditions["zero_joined"] = row.tc_joined < ibis.literal(EARLIEST.date())
    if "consent" in columns.sources:
        conditions["unreadable_consent"] = ~blank(row.consent) & row.tc_consent.isnull()
    return conditions
