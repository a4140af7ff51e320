"""A member erased everywhere: from the store, and from the tables that batches and the watch have left in the home.

The store comes first: its mark keeps the member out of every batch that starts later, so no table written from then on has
the member again. One that is at work loses the member from its parts. Each table is then rewritten whole or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from serving.batch.work_folder import take_out
from serving.database.erasure import Receipt, erase
from serving.database.generations import complete
from serving.privacy.pseudonyms import mark
from serving.privacy.wiping import Wiped, key_of, wipe_paths
from serving.watch.told import wipe as wipe_runs

_TABLES: Final = ("forecasts.parquet", "forecasts.csv", "*/as_of=*/forecasts.parquet", "plan*.parquet", "plan*.csv")


@dataclass(frozen=True)
class Erased:
    """A receipt for each member, in the order asked, and the tables that had any of them."""

    receipts: list[Receipt]
    tables: list[Wiped]

    @property
    def known(self) -> bool:
        """Whether anything was kept of any of them, now or when they were erased before."""
        return bool(self.tables) or any(sum(receipt.counts.values()) for receipt in self.receipts)


def erase_everywhere(engine: Engine, home: Path, members: Sequence[str], secret: bytes) -> Erased:
    """Erase members from the store and from the tables in a home. Can be repeated, also after it was broken off.

    Parameters
    ----------
    members : as they were asked for; where ids are numbers with a point, '7.0' is 7
    secret : see ``serving.privacy.pseudonyms.erasure_secret``

    Raises
    ------
    StoreError
    SourceError
        a table is damaged; all else is done
    ArtifactError
        what a past run said of members is damaged (serving.watch.told); all else is done
    """
    batches = complete(engine)
    numbers = bool(batches) and batches[0].id_kind != "text"
    keys = [key_of(member, numbers) for member in members]
    marks = {key: mark(secret, key) for key in keys}
    receipts = [erase(engine, key, marks[key]) for key in keys]
    take_out(home, keys, list(marks.values()))
    try:
        watched = [Wiped(path, rows) for path, rows in wipe_runs(home, set(marks.values()))]
    finally:  # a damaged table keeps nobody in the others
        tables = wipe_tables(home, keys, numbers=numbers)
    return Erased(receipts, tables + watched)


def wipe_tables(home: Path, keys: Collection[str], *, numbers: bool) -> list[Wiped]:
    """Take members out of the tables in a home; tables without them stay as they are.

    Parameters
    ----------
    keys : as members are stored
    numbers : whether the programme's ids are numbers, so that '7' and '7.0' are one

    Raises
    ------
    SourceError
        a table is damaged; all others are done
    """
    paths = [path for pattern in _TABLES for path in sorted(home.glob(pattern))]
    return wipe_paths(home, paths, keys, numbers=numbers)
