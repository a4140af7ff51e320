"""Cells of a trial's file: names, ids and numbers, read from CSV or Parquet as they were written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from features.errors import ColumnError, SourceError, counted, listed
from features.operators import Floats, Integers

if TYPE_CHECKING:
    import pyarrow as pa


def columns_of(path: Path) -> tuple[str, ...]:
    """Names of a file's columns.

    Raises
    ------
    SourceError
        there is no such file, or it is no table
    """
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    if not path.is_file():
        raise SourceError("a trial is read from a file", f"{str(path)!r}, which is not there", "check the path")
    try:
        if path.suffix == ".parquet":
            return tuple(pa.parquet.read_schema(path).names)
        with pa.csv.open_csv(path) as reader:
            return tuple(reader.schema.names)
    except pa.ArrowInvalid as error:
        raise _no_table(path) from error


def _no_table(path: Path) -> SourceError:
    rule = "a trial is a CSV or Parquet file with a header and as many cells in every row"
    return SourceError(rule, f"{str(path)!r}, which cannot be read as one", "check the file")


def read_columns(path: Path, wanted: Sequence[str], as_texts: Sequence[str]) -> pa.Table:
    """The columns wanted; those of ``as_texts`` as texts where the file does not say what they are."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    _check_columns(columns_of(path), wanted)
    try:
        if path.suffix == ".parquet":
            return pa.parquet.read_table(path, columns=list(wanted))
        how = pa.csv.ConvertOptions(column_types=dict.fromkeys(as_texts, pa.string()), strings_can_be_null=False)
        return pa.csv.read_csv(path, convert_options=how).select(list(wanted))
    except pa.ArrowInvalid as error:
        raise _no_table(path) from error


def _check_columns(has: Sequence[str], wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in has]
    if missing:
        fix = f"name columns that are there: {listed(list(has))}"
        raise ColumnError("the columns of a trial are in its table", f"no column {listed(missing)}", fix)
    twice = [name for name in wanted if list(has).count(name) > 1]
    if twice:
        raise ColumnError("a column has a name of its own", f"more than one called {listed(twice)}", "rename one of them")


def coded(column: Any, name: str) -> tuple[tuple[str, ...], Integers]:
    """Names in the order of the alphabet, and (n,) positions among them."""
    said = texts(column)
    empty = int((said == "").sum())
    if empty:
        raise ColumnError(
            f"every row says its {name!r}", f"{counted(empty, 'row')} without", "fill them in or leave them out"
        )
    found, at = np.unique(said, return_inverse=True) if len(said) else (said, np.zeros(0, np.int64))
    return tuple(found.tolist()), at.astype(np.int64)


def texts(column: Any) -> npt.NDArray[Any]:
    """(n,) cells as names; '' where there is none."""
    return np.array([text_of(value) for value in column.to_pylist()], dtype=object)


def text_of(value: Any) -> str:
    """A cell as a name: 1.0 and 1 are the same one.

    >>> text_of(1.0), text_of(True), text_of(" Gold "), text_of(None)
    ('1', 'true', 'Gold', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def ids(column: Any, name: str) -> npt.NDArray[Any]:
    """(n,) ids, whole numbers or texts."""
    values = column.to_pylist()
    empty = sum(value is None or text_of(value) == "" for value in values)
    if empty:
        raise ColumnError("every row says its member", f"{counted(empty, 'row')} without", f"fill {name!r} in")
    whole = all(isinstance(value, int) for value in values)
    return np.array(values, dtype=np.int64) if whole else np.array([text_of(value) for value in values], dtype=object)


def numbers(column: Any, name: str, what: str) -> Floats:
    """(n,) numbers, NaN where the cell is empty."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if not (
        pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    ):
        raise ColumnError(
            f"{what} is a number", f"{name!r} with {kind} in it", "write 1 and 0 for yes and no, and plain numbers"
        )
    return np.array([np.nan if value is None else float(value) for value in column.to_pylist()])
