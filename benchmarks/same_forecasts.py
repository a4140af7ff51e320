"""Whether two tables of forecasts are the same, to the bit, in whatever order of rows and however many files.

python benchmarks/same_forecasts.py demo-data/forecasts.parquet spark-forecasts/as_of=2018-01-02
"""

from __future__ import annotations

import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

BESIDE = "as_of"
"""Stands in the name of a date's folder, and so not in its files."""


def differences(one: pa.Table, other: pa.Table) -> list[str]:
    """What differs, a clause each; nothing where all members, columns, types, nulls and bits are the same."""
    if one.schema.names != other.schema.names or one.schema.types != other.schema.types:
        return [f"columns: {sorted({*map(str, one.schema)} ^ {*map(str, other.schema)}) or 'in another order'}"]
    if one.num_rows != other.num_rows:
        return [f"{one.num_rows:,} rows and {other.num_rows:,}"]
    one, other = (table.sort_by("customer_id").combine_chunks() for table in (one, other))
    return [name for name in one.column_names if not _equal(one[name].combine_chunks(), other[name].combine_chunks())]


def _equal(one: pa.Array, other: pa.Array) -> bool:
    if not one.is_null().equals(other.is_null()):
        return False
    if pa.types.is_floating(one.type):  # NaN is not itself, and 0.0 is -0.0
        one, other = (pc.fill_null(column, 0.0).view(pa.int64()) for column in (one, other))
    return bool(one.equals(other))


def read(place: str) -> pa.Table:
    """The forecasts of a file, or of all files of a folder."""
    table = pq.read_table(place, partitioning=None)
    return table.drop([BESIDE]) if BESIDE in table.column_names else table


if __name__ == "__main__":
    tables = [read(place) for place in sys.argv[1:3]]
    differ = differences(*tables)
    if differ or not tables[0].num_rows:
        sys.exit(f"not the same: {', '.join(differ) or 'no rows'}")
    print(f"the same to the bit: {tables[0].num_rows:,} members, {tables[0].num_columns} columns")
