"""A checked table that stands beside the transaction log: what the event log and the member table have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from features.cells import count_by_reason, time_source
from features.csv_files import AS_IT_SHOWS, Layout
from features.engine import Source, fetch, open_table
from features.errors import SourceError, UnusableLogError, counted
from features.schema import ColumnMap, Contract, resolve

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class CheckedTable:
    """A table with each row's verdict.

    ``rows`` holds the mapped columns under the contract's names, the same typed (``tc_member``, ...), and ``tc_reason``,
    null where the row is usable. ``contract`` and ``reasons`` (code → what it means) are those of the kind of table.
    """

    contract: ClassVar[Contract]
    reasons: ClassVar[Mapping[str, str]]
    rows: ir.Table
    columns: ColumnMap

    @property
    def usable(self) -> ir.Table:
        """Rows that nothing is wrong with."""
        return self.rows.filter(self.rows.tc_reason.isnull())

    @property
    def quarantine(self) -> ir.Table:
        """Refused rows: the contract's columns that the table has, and ``reason``."""
        refused = self.rows.filter(self.rows.tc_reason.notnull())
        return refused.select(*self.columns.sources, reason=refused.tc_reason)

    @cached_property
    def refused(self) -> dict[str, int]:
        """Rows refused, by reason code, those that occur."""
        counts = count_by_reason(self.rows)
        return {code: counts[code] for code in self.reasons if code in counts}

    def refusals(self, row: str, of: str = "") -> list[str]:
        """How many rows were refused for what, a clause each; ``row`` is the word for one, ``of`` what follows it.

        >>> import pandas as pd
        >>> from features.events import check_events
        >>> log = pd.DataFrame({"customer_id": [1], "timestamp": ["2017-01-01"], "kind": ["survey"]})
        >>> check_events(log).refusals("event")
        ['1 event: a survey without a score']
        """
        return [f"{counted(rows, row)}{of}: {self.reasons[code]}" for code, rows in self.refused.items()]

    def guesses(self, what: str) -> list[str]:
        """Which columns were taken for which without having been told, a sentence each."""
        return [f"taken as {name} of {what}: {self.columns.sources[name][0]}" for name in self.columns.guessed]

    def nothing_usable(self) -> UnusableLogError:
        """The error for a table of which no row can be used."""
        mend = f"mend the rows, or map other columns ({self.contract.option})"
        return UnusableLogError(f"{self.contract.table} has usable rows", "; ".join(self.refusals("row")), mend)


def mapped(
    source: Source, mapping: Mapping[str, str] | None, contract: Contract, layout: Layout = AS_IT_SHOWS
) -> tuple[ir.Table, ColumnMap]:
    """The contract's columns of a source under the contract's names, and nothing else of it.

    Raises
    ------
    SourceError
        also where there are no rows
    ColumnError
    """
    table = open_table(source, layout)
    columns = resolve(table.columns, mapping, contract)
    found = {name: table[sources[0]] for name, sources in columns.sources.items()}
    if "timestamp" in found:
        found["timestamp"] = time_source(table, columns)
    row = table.select(**found)
    if fetch(row.head(1)).num_rows == 0:
        raise SourceError(f"{contract.table} has rows", "a header and nothing below it", "check how the file was written")
    return row, columns
