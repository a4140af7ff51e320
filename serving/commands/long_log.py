"""A log for a batch: all at once, or where it would not fit into memory its members in turn."""

from __future__ import annotations

import glob
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from features.histories import Histories
from features.urls import is_url
from serving.commands.base import attached, read_counted
from serving.commands.checked_log import checked_log
from training.config import Config

LINE_BYTES: Final = 30
"""Memory of a line while its log is folded, where it has an amount and an order and nothing else."""
LONG_LINE_BYTES: Final = 105
"""The same where more columns are read. Both as measured on 40 million lines, and rounded up."""
AT_ONCE_BYTES: Final = 1_500_000_000
"""So much is folded at once."""
_CSV_LINE_BYTES: Final = 40
_PLAIN: Final = frozenset({"amount", "order_id"})


@dataclass(frozen=True, eq=False)
class Log:
    """What a batch reads: ``first`` tells the columns and the span; ``histories`` gives all, once.

    ``rows`` counts the rows of the log, ``refused`` those that were, by reason; not ``whole``, its members come in turn.
    """

    first: Histories
    members: int
    rows: int
    refused: Mapping[str, int]
    later: Iterable[Histories] = ()
    whole: bool = True

    @property
    def histories(self) -> Histories | Iterable[Histories]:
        """Of all members."""
        return self.first if self.whole else chain([self.first], self.later)


def read_log(config: Config, say: Callable[[str], None], columns: Collection[str], multiple: int) -> Log:
    """The log with ``columns`` of what is optional; says how many rows were refused.

    Parameters
    ----------
    multiple : where members are read in turn, so many or a multiple at a time

    Raises
    ------
    ConfigError
        no log is named
    """
    line = LINE_BYTES if set(columns) <= _PLAIN else LONG_LINE_BYTES
    if config.transactions is None or about_lines(config.transactions) * line <= AT_ONCE_BYTES:
        base = read_counted(config, say, columns)
        return Log(base.histories, len(base.histories), base.rows, base.refused)
    return _in_turn(config, say, columns, AT_ONCE_BYTES // line, multiple)


def about_lines(source: str) -> int:
    """About how many lines files hold; 0 for tables on servers, which fold where they are."""
    if is_url(source):
        return 0
    lines = 0
    for path in [source] if Path(source).is_file() else glob.glob(source):  # noqa: PTH207  (it may be absolute)
        if path.endswith((".parquet", ".pq")):
            import pyarrow.parquet

            with suppress(pyarrow.ArrowException):  # what is wrong with a file is said by whoever checks it
                lines += pyarrow.parquet.read_metadata(path).num_rows
        else:
            lines += Path(path).stat().st_size * (5 if path.endswith(".gz") else 1) // _CSV_LINE_BYTES
    return lines


def _in_turn(config: Config, say: Callable[[str], None], columns: Collection[str], lines: int, multiple: int) -> Log:
    from features.by_members import in_turn

    checked, rows, refused = checked_log(config, say)
    reads = in_turn(checked, columns, lines=lines, multiple=multiple)
    say(f"{reads.members:,} members, read in {len(reads.firsts)} turns to spare memory")
    each = (attached(config, one) for one in reads)
    return Log(next(each), reads.members, rows, refused, each, whole=False)
