"""A member erased everywhere: from the store, and from the tables that batches have left in the home.

The store comes first. Its mark keeps the member out of every batch that starts later, so that no table written from then on
has the member again. Each table is then rewritten whole or not at all.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from features.errors import SourceError
from features.files import written_whole

if TYPE_CHECKING:
    import pyarrow as pa

_ID: Final = "customer_id"
_TABLES: Final = ("forecasts.parquet", "forecasts.csv", "plan*.parquet", "plan*.csv")
_MOST_FIELD: Final = 1 << 20

Same = Callable[[object], bool]


@dataclass(frozen=True)
class Wiped:
    """Rows taken out of one table."""

    path: Path
    rows: int


def wipe_tables(home: Path, keys: Collection[str], *, numbers: bool) -> list[Wiped]:
    """Take members out of the tables in a home; tables without them stay as they are.

    Parameters
    ----------
    keys : as ``serving.members.member_key`` writes them
    numbers : whether the programme's ids are numbers, so that '7' and '7.0' are one

    Raises
    ------
    SourceError
        a table is damaged; those before it are done, and it can be tried again
    """
    wanted = frozenset(keys)

    def same(value: object) -> bool:
        return _key(value, numbers) in wanted

    wiped = []
    for pattern in _TABLES:
        for path in sorted(home.glob(pattern)):
            try:
                rows = (_wipe_parquet if path.suffix == ".parquet" else _wipe_csv)(path, same)
            except (ValueError, csv.Error) as error:  # Arrow's errors are ValueErrors
                rule = "a table of forecasts can be read"
                raise SourceError(rule, f"{type(error).__name__} from {path}", "remove it, or score again") from None
            if rows:
                wiped.append(Wiped(path, rows))
    return wiped


def _key(value: object, numbers: bool) -> str:
    """The key of an id in a table.

    >>> _key("007", False), _key("7.0", True), _key(7.0, True), _key(7.5, True)
    ('007', '7', '7', '7.5')
    """
    if numbers:
        try:
            number = float(str(value))
        except ValueError:
            return str(value)
        if math.isfinite(number) and number.is_integer() and "." in str(value):
            return str(int(number))
    return str(value)


def _wipe_parquet(path: Path, same: Same) -> int:
    """Rewrite a Parquet file without some rows: how many. A first pass looks whether there are any."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        if _ID not in file.schema_arrow.names:
            return 0
        kept = [~_found(part, same) for part in file.iter_batches(columns=[_ID])]
        erased = sum(int((~keep).sum()) for keep in kept)
        if not erased:
            return 0
        with written_whole(path) as partial, pq.ParquetWriter(partial, file.schema_arrow) as writer:
            for part, keep in zip(file.iter_batches(), kept, strict=True):
                writer.write_batch(part.filter(_mask(keep)))
    return erased


def _found(part: pa.RecordBatch, same: Same) -> Any:
    import numpy as np

    return np.fromiter((same(value) for value in part.column(_ID).to_pylist()), bool, part.num_rows)


def _mask(keep: Any) -> Any:
    import pyarrow as pa

    return pa.array(keep)


def _wipe_csv(path: Path, same: Same) -> int:
    """Rewrite a CSV file without some rows: how many. What stays keeps every byte."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        erased = sum(found for _, found in _records(file, same))
    if erased:
        with (
            path.open(encoding="utf-8", newline="") as file,
            written_whole(path) as partial,
            partial.open("w", encoding="utf-8", newline="") as left,
        ):
            left.writelines(record for record, found in _records(file, same) if not found)
    return erased


def _records(lines: Iterable[str], same: Same) -> Iterator[tuple[str, bool]]:
    """Records of a CSV file with their line ends, and whether each is one of the members'; the first names the columns."""
    at, record = -1, ""
    for line in lines:
        record += line
        if record.count('"') % 2:  # a quoted line end
            if len(record) > _MOST_FIELD:
                raise csv.Error("a quote is never closed")
            continue
        fields = next(csv.reader([record]), [])
        if at < 0:
            at = fields.index(_ID) if _ID in fields else len(fields)
            yield record, False
        else:
            yield record, at < len(fields) and same(fields[at])
        record = ""
    if record:
        raise csv.Error("the last quote is never closed")
