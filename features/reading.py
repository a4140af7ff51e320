"""A checked log → histories.

DuckDB lies in this process: its typed lines are streamed into arrays and folded there, which is faster than its own
grouping. Other engines fold where the data is. Both give the same whole numbers, in the same order of members.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from features.daily import TIME, daily, labelled, sums
from features.engine import fetch
from features.histories import Histories, Ragged, assemble
from features.ranks import codes, encoded, ranked
from features.schema import LABELS
from features.streaming import streamed

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from features.verdicts import Checked


def from_log(checked: Checked, needed: Collection[str] | None = None) -> Histories:
    """Histories of all usable rows of a checked log.

    Parameters
    ----------
    needed : which of the contract's optional columns to read, and ``time`` for the time of day; all that the log has if None

    Raises
    ------
    UnusableLogError
        no row is usable

    >>> import pandas as pd
    >>> from features.verdicts import check
    >>> log = pd.DataFrame({"customer_id": ["b", "a"], "timestamp": ["2017-01-01", "2017-01-02"], "amount": [5.0, -1.0]})
    >>> from_log(check(log)).members.tolist()
    ['a', 'b']
    """
    has = columns_read(checked, needed)
    embedded = checked.judged.get_backend().name == "duckdb"
    histories = streamed(checked, has) if embedded else _pushed_down(checked, has)
    return replace(histories, time_zone=checked.time_zone)


def columns_read(checked: Checked, needed: Collection[str] | None = None) -> set[str]:
    """Which of the contract's optional columns are read from a log, and ``time``."""
    has = {name for name in checked.columns.sources if name in ("amount", "order_id")}
    has |= {name for name in (*checked.columns.sources, TIME) if needed is None or name in needed}
    has -= {"customer_id", "timestamp", "currency"}
    return has


def _pushed_down(checked: Checked, has: set[str]) -> Histories:
    clean = clean_columns(checked, has)
    table = fetch(daily(clean))
    if table.num_rows == 0:
        raise checked.nothing_usable()
    return from_folded(table, {name: fetch(labelled(clean, name)) for name in LABELS if name in has}, has)


def clean_columns(checked: Checked, has: Collection[str]) -> ir.Table:
    """Usable rows with the columns that are read, for an engine to fold."""
    more = sorted(set(has) - {"amount", "order_id", TIME})
    return checked.clean.select("customer_id", "timestamp", "amount", "order_id", *more)


def from_folded(table: pa.Table, label_tables: Mapping[str, pa.Table], has: Collection[str]) -> Histories:
    """Histories from what an engine has folded (see features.daily), in any order of rows.

    Parameters
    ----------
    table : member, day and the values
    label_tables : label column → member, day, label, lines, gross
    has : the contract's columns that the log has, and ``time``
    """
    table = table.sort_by([("member", "ascending"), ("day", "ascending")])
    ids, parts = ranked([encoded(chunk) for chunk in table["member"].chunks], table["member"].type)
    member = np.concatenate(parts)
    names = ["orders", *(["minute"] if TIME in has else []), *(part.value for part in sums(has))]
    values = {name: table[name].cast("int64").to_numpy() for name in names}  # an engine's hour may be shorter
    texts: dict[str, npt.NDArray[Any]] = {}
    labels: dict[str, Ragged] = {}
    for name, rows in label_tables.items():
        texts[name], labels[name] = _label_rows(rows, ids)
    offsets = np.searchsorted(member, np.arange(len(ids) + 1)).astype(np.int64)
    return assemble(ids, offsets, _day_numbers(table), values, has, labels, texts)


def _label_rows(table: pa.Table, ids: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Ragged]:
    """The labels, and rows of member, day and label with the members of the log."""
    import pyarrow as pa
    import pyarrow.compute as pc

    position = pc.index_in(table["member"], value_set=pa.array(ids.tolist(), table["member"].type))
    names, code = np.empty(0, object), np.empty(0, np.int64)
    if table.num_rows:
        names, code = codes([chunk.dictionary_encode() for chunk in table["label"].chunks])
    member, day = position.to_numpy().astype(np.int32), _day_numbers(table)
    sorting = np.lexsort((code, day, member))
    offsets = np.searchsorted(member[sorting], np.arange(len(ids) + 1)).astype(np.int64)
    counted = {name: table[name].to_numpy()[sorting] for name in ("lines", "gross")}
    return names, Ragged(offsets, day[sorting], {"code": code[sorting], **counted})


def _day_numbers(table: pa.Table) -> npt.NDArray[np.int32]:
    days: npt.NDArray[np.int32] = table["day"].cast("date32").cast("int32").to_numpy()
    return days
