"""Tables that people bring: CSV or Parquet, told apart by the name. What is wrong is one message, without their cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from features.errors import ColumnError, CutoffError, SourceError, listed
from features.snapshot import parse_date

if TYPE_CHECKING:
    import pyarrow as pa

_DATE: Final = 10
"""Letters of 2017-11-06; a time may follow."""


def column_names(path: Path, what: str) -> tuple[str, ...]:
    """Names of a file's columns, in order.

    Parameters
    ----------
    what : the table, as a message calls it: 'a trial'

    Raises
    ------
    SourceError
        there is no such file, or it is no table
    """
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    _check_there(path, what)
    try:
        if path.suffix == ".parquet":
            return tuple(pa.parquet.read_schema(path).names)
        with pa.csv.open_csv(path) as reader:
            return tuple(reader.schema.names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _no_table(path, what) from error


def read_table(
    path: Path,
    what: str,
    *,
    wanted: Sequence[str] | None = None,
    texts: Sequence[str] = (),
    empty_is_null: bool = False,
) -> pa.Table:
    r"""A table; of a CSV an empty cell is null, and so is a number written as NaN or NA.

    Parameters
    ----------
    what : the table, as a message calls it: 'a trial'
    wanted : columns to read; all where None
    texts : columns of a CSV that are texts whatever they look like, so that an id's leading zeros stay
    empty_is_null : of texts, too, whose empty cells are '' otherwise

    Raises
    ------
    SourceError
        there is no such file, or it is no table
    ColumnError
        a column is not there, or two have one name

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = file.write_text("id,n\n007,\n8,2\n")
    >>> read_table(file, "a trial", texts=["id"]).to_pydict()
    {'id': ['007', '8'], 'n': [None, 2]}
    """
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    names = column_names(path, what)
    _check_columns(names, list(dict.fromkeys(names)) if wanted is None else wanted, what)
    try:
        if path.suffix == ".parquet":
            return pa.parquet.read_table(path, columns=None if wanted is None else list(wanted))
        types = {name: pa.string() for name in texts if name in names}
        # 'NA' may be somebody's tier: of texts only an empty cell is none.
        nulls = {"null_values": [""], "strings_can_be_null": True} if empty_is_null else {"strings_can_be_null": False}
        table = pa.csv.read_csv(path, convert_options=pa.csv.ConvertOptions(column_types=types, **nulls))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _no_table(path, what) from error
    if any(pa.types.is_binary(kind) for kind in table.schema.types):
        raise _no_table(path, what)
    return table if wanted is None else table.select(list(wanted))


def day_of(value: Any, name: str) -> dt.date:
    """The date of a cell: a date, a time (its own date, whatever its zone) or text in ISO 8601.

    Raises
    ------
    CutoffError
        it is none

    >>> day_of("2017-11-06T23:30:00-08:00", "day")
    datetime.date(2017, 11, 6)
    """
    if value is None:
        raise CutoffError(f"a {name} is a date", "none", "write it as 2017-11-06")
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else parse_date(str(value)[:_DATE], name)


def _check_there(path: Path, what: str) -> None:
    if not path.is_file():
        raise SourceError(f"{what} is read from a file", f"{str(path)!r}, which is not there", "check the path")


def _no_table(path: Path, what: str) -> SourceError:
    rule = f"{what} is a CSV or Parquet file: CSV in UTF-8, with commas, a header, and as many cells in every row"
    return SourceError(rule, f"{str(path)!r}, which cannot be read as one", "check the file")


def _check_columns(has: Sequence[str], wanted: Sequence[str], what: str) -> None:
    missing = [name for name in wanted if name not in has]
    if missing:
        fix = f"name columns that are there: {listed(list(has))}"
        if len(has) == 1 and ";" in has[0]:
            fix = "write it with commas between the cells"
        raise ColumnError(f"the columns of {what} are in its table", f"no column {listed(missing)}", fix)
    twice = [name for name in wanted if list(has).count(name) > 1]
    if twice:
        raise ColumnError("a column has a name of its own", f"more than one called {listed(twice)}", "rename one of them")
