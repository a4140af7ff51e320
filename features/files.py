"""Files written whole or not at all."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from features.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

_ABANDONED_S: Final = 24 * 3600


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A partial file beside ``path`` to write to; it takes the place of ``path`` when the block ends without an error.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a" / "b.txt"
    >>> with written_whole(target) as partial:
    ...     _ = partial.write_text("done")
    >>> target.read_text()
    'done'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def check_table_path(path: Path | None, what: str) -> None:
    """Refuse a path that ``write_table`` would not know how to write, before any work.

    Raises
    ------
    ConfigError
    """
    if path is not None and path.suffix not in (".parquet", ".csv"):
        raise ConfigError(f"{what} go to a .parquet or .csv file", repr(str(path)), "name one")


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """A frame as Parquet or CSV, as the path's ending says, whole or not at all."""
    with written_whole(path) as partial:
        if path.suffix == ".parquet":
            frame.to_parquet(partial, index=False)
        else:
            frame.to_csv(partial, index=False)


def _sweep(path: Path) -> None:
    """Remove what killed processes have left of this file; another host may be at a young one."""
    for partial in path.parent.glob(f".{escape(path.name)}.*.partial"):
        with suppress(FileNotFoundError):
            if time.time() - partial.stat().st_mtime > _ABANDONED_S:
                partial.unlink()
