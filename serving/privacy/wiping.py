"""Members taken out of tables, Parquet and CSV: each is rewritten whole or not at all."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from features.errors import SourceError
from features.files import written_whole

if TYPE_CHECKING:
    import pyarrow as pa

_ID: Final = "customer_id"
_MOST_FIELD: Final = 1 << 20
_LOCK: Final = ".erasing.lock"

Same = Callable[[object], bool]


@dataclass(frozen=True)
class Wiped:
    """Rows taken out of one table."""

    path: Path
    rows: int


def wipe_paths(folder: Path, paths: Sequence[Path], keys: Collection[str], *, numbers: bool) -> list[Wiped]:
    """Take members out of tables; those without them stay as they are.

    Parameters
    ----------
    folder : where whoever rewrites these tables takes turns
    keys : as members are stored
    numbers : whether the programme's ids are numbers, so that '7' and '7.0' are one

    Raises
    ------
    SourceError
        a table is damaged; all others are done
    """
    wanted = frozenset(keys)

    def same(value: object) -> bool:
        return key_of(value, numbers) in wanted

    wiped, damaged = [], []
    if not paths:
        return []
    with _alone(folder):
        for path in paths:
            try:
                rows = _wipe(path, same)
            except (ValueError, csv.Error) as error:  # Arrow's errors are ValueErrors
                damaged.append(f"{type(error).__name__} from {path}")
                continue
            if rows:
                wiped.append(Wiped(path, rows))
    if damaged:
        fix = "remove it, or write it again, and forget once more"
        raise SourceError("a table of members can be read", ", ".join(damaged), fix)
    return wiped


def key_of(value: object, numbers: bool) -> str:
    """The key of an id in a table.

    >>> key_of("007", False), key_of("7.0", True), key_of(7.0, False), key_of(7.5, True)
    ('007', '7', '7', '7.5')
    """
    text = str(value)
    if "." in text and (numbers or isinstance(value, float)):
        with suppress(ValueError):
            number = float(text)
            return str(int(number)) if math.isfinite(number) and number.is_integer() else str(number)
    return text


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Of several that would rewrite a home's tables, one at a time: each would put back what the other has taken out."""
    with (home / _LOCK).open("w") as lock:
        with suppress(ImportError):  # where the system has no such locks
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _wipe(path: Path, same: Same) -> int:
    """Rewrite a table without some rows: how many. Once more if a batch has put a new one in its place meanwhile."""
    while True:
        with path.open("rb") as file, suppress(_ReplacedError):
            return _wipe_parquet(path, file, same) if path.suffix == ".parquet" else _wipe_csv(path, same, _inode(file))


class _ReplacedError(Exception):
    """Another file has taken the table's place."""


def _inode(file: IO[Any]) -> int:
    return os.fstat(file.fileno()).st_ino


def _check_in_place(path: Path, inode: int) -> None:
    if path.stat().st_ino != inode:
        raise _ReplacedError


def _wipe_parquet(path: Path, source: IO[bytes], same: Same) -> int:
    """A first pass looks whether there is anybody."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(source) as file:
        if _ID not in file.schema_arrow.names:
            return 0
        kept = [~_found(part, same) for part in file.iter_batches(columns=[_ID])]
        erased = sum(int((~keep).sum()) for keep in kept)
        if erased:
            with written_whole(path) as partial:
                with pq.ParquetWriter(partial, file.schema_arrow) as writer:
                    for part, keep in zip(file.iter_batches(), kept, strict=True):
                        writer.write_batch(part.filter(_mask(keep)))
                _check_in_place(path, _inode(source))
    return erased


def _found(part: pa.RecordBatch, same: Same) -> Any:
    import numpy as np

    return np.fromiter((same(value) for value in part.column(_ID).to_pylist()), bool, part.num_rows)


def _mask(keep: Any) -> Any:
    import pyarrow as pa

    return pa.array(keep)


def _wipe_csv(path: Path, same: Same, inode: int) -> int:
    """Likewise. What stays keeps every byte."""
    with path.open(encoding="utf-8", newline="") as file:
        erased = sum(found for _, found in _records(file, same))
    if erased:
        with path.open(encoding="utf-8", newline="") as file, written_whole(path) as partial:
            with partial.open("w", encoding="utf-8", newline="") as left:
                left.writelines(record for record, found in _records(file, same) if not found)
            _check_in_place(path, inode)
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
        if at < 0:
            names = next(csv.reader([record.removeprefix("\ufeff")]), [])
            at = names.index(_ID) if _ID in names else len(names)
            yield record, False
        else:
            fields = next(csv.reader([record]), [])
            yield record, at < len(fields) and same(fields[at])
        record = ""
    if record:
        raise csv.Error("the last quote is never closed")
