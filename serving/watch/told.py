"""What runs forecast of each member, kept to be judged later.

Members are named by their erasure mark, the keyed hash by which the store knows who was erased (serving.privacy.pseudonyms):
no id lies there, and whoever is erased is found.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ArtifactError
from features.files import written_whole
from features.operators import Floats

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER: Final = "watch"
KEPT_DAYS: Final = 400
"""So long after its date a run's members are kept."""
_MARK: Final = "member"


@dataclass(frozen=True, eq=False)
class Told:
    """What was forecast, a row a member: marks (n,) of 32 bytes, p_churn (n,), expected_spend (n,), p_tier (n, n_tiers)."""

    marks: npt.NDArray[Any]
    p_churn: Floats
    expected_spend: Floats
    p_tier: Floats

    def __len__(self) -> int:
        return len(self.marks)

    def take(self, at: npt.NDArray[Any]) -> Told:
        """Some of the rows."""
        return Told(self.marks[at], self.p_churn[at], self.expected_spend[at], self.p_tier[at])


def place_of(home: Path, version: str, as_of: dt.date, suffix: str = ".json") -> Path:
    """The file of a run."""
    return home / FOLDER / version / f"{as_of.isoformat()}{suffix}"


def write_told(home: Path, version: str, as_of: dt.date, told: Told) -> None:
    """Keep what was forecast of members."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {_MARK: pa.array(told.marks.tolist(), pa.binary(32)), "p_churn": told.p_churn}
    columns["expected_spend"] = told.expected_spend
    columns |= {f"p_tier_{k}": column for k, column in enumerate(told.p_tier.T)}
    with written_whole(place_of(home, version, as_of, ".parquet")) as partial:
        pq.write_table(pa.table(columns), partial)


def read_told(home: Path, version: str, as_of: dt.date) -> Told | None:
    """What was forecast of members; None where it is not kept any more.

    Raises
    ------
    ArtifactError
        it is damaged
    """
    path = place_of(home, version, as_of, ".parquet")
    if not path.is_file():
        return None
    table = _read(path)
    tiers = [name for name in table.column_names if name.startswith("p_tier_")]
    numbers = {name: table[name].to_numpy() for name in ("p_churn", "expected_spend", *tiers)}
    p_tier = np.column_stack([numbers[name] for name in tiers]) if tiers else np.empty((table.num_rows, 0))
    marks = np.array(table[_MARK].to_pylist(), object)
    return Told(marks, numbers["p_churn"], numbers["expected_spend"], p_tier)


def wipe(home: Path, marks: Collection[bytes]) -> Iterator[tuple[Path, int]]:
    """Take members out of all runs: where any were, and how many rows.

    Raises
    ------
    ArtifactError
        a table is damaged; all others are done
    """
    damaged = None
    for path in sorted((home / FOLDER).glob("*/*.parquet")):
        try:
            rows = wipe_run(path, marks)
        except ArtifactError as error:
            damaged = damaged or error
            continue
        if rows:
            yield path, rows
    if damaged is not None:
        raise damaged


def wipe_run(path: Path, marks: Collection[bytes]) -> int:
    """Take members out of one run: how many rows. Once more if a batch has put a new table in its place meanwhile.

    Raises
    ------
    ArtifactError
        the table is damaged
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    while True:
        inode = path.stat().st_ino
        table = _read(path)
        keep = [mark not in marks for mark in table[_MARK].to_pylist()]
        if all(keep):
            return 0
        with suppress(_ReplacedError), written_whole(path) as partial:
            pq.write_table(table.filter(pa.array(keep)), partial)
            if path.stat().st_ino != inode:
                raise _ReplacedError
            return len(keep) - sum(keep)


class _ReplacedError(Exception):
    """Another file has taken the table's place."""


def prune(home: Path, today: dt.date) -> None:
    """Remove what was forecast of members by runs long past; their summaries stay, and so do files of other names."""
    for path in (home / FOLDER).glob("*/*.parquet"):
        with suppress(ValueError):
            if (today - dt.date.fromisoformat(path.stem)).days > KEPT_DAYS:
                path.unlink(missing_ok=True)


def _read(path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, partitioning=None)
    except (pa.ArrowException, ValueError) as error:
        fix = "remove it: that run cannot be judged then"
        raise ArtifactError("a table of forecasts can be read", f"{type(error).__name__} from {path}", fix) from error
