"""Rows that repeat others: within a file, and across files that overlap.

Two rows are equal when they are in every column of the source, white space at a text's ends aside. Of two files that hold
the same rows, a row that stands n times in the one and m times in the other is said min(n, m) times too often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from features.csv_tables import FILE
from features.engine import fetch

if TYPE_CHECKING:
    import ibis.expr.types as ir

Duplicates: TypeAlias = Literal["keep", "drop", "overlap"]
"""What is refused: nothing, every repetition, or only what a file repeats of an earlier one."""
DUPLICATES: Final = get_args(Duplicates)
_COPY: Final = "tc_copy"


def _content(table: ir.Table) -> list[Any]:
    return [
        (table[name].strip() if table[name].type().is_string() else table[name]).name(name)
        for name in table.columns
        if name not in (FILE, _COPY)
    ]


def marked(table: ir.Table, duplicates: Duplicates) -> ir.Table:
    """The table with ``tc_again``: whether a row is to be refused because it repeats an earlier one."""
    import ibis

    if duplicates == "keep" or (duplicates == "overlap" and FILE not in table.columns):
        return table.mutate(tc_again=ibis.literal(False))
    content = _content(table)
    # Rows of a group are equal, so their order is any; Spark wants one to be named.
    if duplicates == "drop":
        return table.mutate(tc_again=ibis.row_number().over(ibis.window(group_by=content, order_by=content[0])) > 0)
    within = ibis.window(group_by=[*content, table[FILE]], order_by=table[FILE])
    numbered = table.mutate(**{_COPY: ibis.row_number().over(within)})
    same = [*_content(numbered), numbered[_COPY]]
    again = ibis.row_number().over(ibis.window(group_by=same, order_by=numbered[FILE])) > 0
    return numbered.mutate(tc_again=again).drop(_COPY)


def repetitions(table: ir.Table) -> tuple[int, int]:
    """Rows that repeat one of the same file, and rows that repeat one of an earlier file.

    >>> import pandas as pd
    >>> from features.engine import open_table
    >>> repetitions(open_table(pd.DataFrame({"a": ["x", "x ", "y"]})))
    (1, 0)
    """
    import ibis

    file = table[FILE] if FILE in table.columns else ibis.literal("")
    content = _content(table)
    times = table.group_by(*content, tc_file=file).agg(tc_times=lambda rows: rows.count())
    names = [column.get_name() for column in content]
    merged = times.group_by(names).agg(tc_most=times.tc_times.max(), tc_all=times.tc_times.sum(), tc_files=times.count())
    total = fetch(
        merged.agg(all=merged.tc_all.sum(), most=merged.tc_most.sum(), different=merged.tc_files.sum())
    ).to_pylist()
    row = total[0]
    if row["all"] is None:
        return 0, 0
    return int(row["all"]) - int(row["different"]), int(row["all"]) - int(row["most"])
