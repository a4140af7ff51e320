"""A log too long for memory → histories of some members after others, each in order of ids and read when it is due."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from features.engine import fetch
from features.histories import Histories
from features.reading import from_log
from features.snapshot import to_day

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.verdicts import Checked


@dataclass(frozen=True, eq=False)
class InTurn:
    """Histories of a log's members, some after others: together they are what ``from_log`` makes of all at once.

    ``firsts`` are the ids that the reads begin with; each reads the log once, as far as it is about its members.
    """

    checked: Checked
    needed: Collection[str] | None
    members: int
    firsts: tuple[Any, ...]
    first_day: int
    end_day: int

    def __iter__(self) -> Iterator[Histories]:
        """One read after another."""
        usable = _usable(self.checked)
        for first, following in zip(self.firsts, (*self.firsts[1:], None), strict=True):
            own = usable.tc_member >= first if following is None else usable.tc_member.between(first, following)
            mine = usable.filter(own) if following is None else usable.filter(own, usable.tc_member != following)
            # What is a stray has been found out of the whole log.
            found = from_log(replace(self.checked, judged=mine, whole_log=False), self.needed)
            yield replace(found, first_day=self.first_day, end_day=self.end_day)


def in_turn(checked: Checked, needed: Collection[str] | None, *, lines: int, multiple: int) -> InTurn:
    """Part a log by members.

    Parameters
    ----------
    checked : of a log on DuckDB, whose order of texts is that of their bytes
    needed : see ``from_log``
    lines : at most so many in one read, as far as ``multiple`` allows
    multiple : the members of each read but the last are a multiple of it

    Raises
    ------
    UnusableLogError
        no row is usable

    >>> import pandas as pd
    >>> from features.verdicts import check
    >>> log = pd.DataFrame({"customer_id": list("abca"), "timestamp": ["2017-01-02"] * 3 + ["2017-01-03"]})
    >>> [read.members.tolist() for read in in_turn(check(log), None, lines=1, multiple=2)]
    [['a', 'b'], ['c']]
    """
    import pyarrow.compute as pc

    usable = _usable(checked)
    by = usable.group_by("tc_member").agg(lines=usable.count(), first=usable.tc_time.min(), last=usable.tc_time.max())
    table = fetch(by)
    if table.num_rows == 0:
        raise checked.nothing_usable()
    table = table.take(pc.sort_indices(table["tc_member"]))
    count = np.add.reduceat(table["lines"].to_numpy(), np.arange(0, table.num_rows, multiple))
    starts, sofar = [0], 0
    for block, more in enumerate(count.tolist()):
        if sofar and sofar + more > lines:
            starts.append(block * multiple)
            sofar = 0
        sofar += more
    firsts = tuple(table["tc_member"].take(starts).to_pylist())
    days = to_day(pc.min(table["first"]).as_py().date()), to_day(pc.max(table["last"]).as_py().date()) + 1
    return InTurn(checked, needed, table.num_rows, firsts, *days)


def _usable(checked: Checked) -> ir.Table:
    """Rows that are read, without strays."""
    row = checked.judged.filter(checked.judged.tc_good)
    if checked.end is None:
        return row
    import ibis

    return row.filter(row.tc_time <= ibis.literal(checked.end))
