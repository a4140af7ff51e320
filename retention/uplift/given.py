"""A table of gains, as ``tiercast uplift`` writes it, for the members and actions of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ColumnError, ConfigError, SourceError, counted, listed
from features.identity import locate
from features.operators import Floats

_NEEDED: Final = ("customer_id", "action", "return_gain")


def read_gains(path: Path, members: npt.NDArray[Any], actions: Sequence[str]) -> tuple[dict[str, Floats], int]:
    """What each action adds to each member's probability of returning, and how many members the table does not hold.

    They get the mean of the action's gains in the table: of them nothing is known but that.

    Returns
    -------
    gains : by action of the table, (n_members,) points of return probability

    Raises
    ------
    SourceError, ColumnError, ConfigError
        it cannot be read; a gain is no probability, or told twice; an action is not in the catalogue
    """
    import pyarrow as pa

    table = _table(path)
    missing = [name for name in _NEEDED if name not in table.column_names]
    if missing:
        fix = "write one with 'tiercast uplift --out'"
        raise ColumnError(f"a table of gains has {listed(_NEEDED)}", f"no {listed(missing)}", fix)
    of = np.array([str(action) for action in table["action"].to_pylist()], dtype=object)
    named = sorted(set(of.tolist()))
    strange = [name for name in named if name not in actions]
    if strange or not named:
        fix = f"call arms as the catalogue calls its actions: {listed(list(actions))}"
        raise ConfigError("a table of gains is about actions of the catalogue", listed(strange) or "no row", fix)
    numbers = pa.types.is_floating(table["return_gain"].type) or pa.types.is_integer(table["return_gain"].type)
    gain = table["return_gain"].to_numpy().astype(np.float64) if numbers else np.full(len(of), np.nan)
    if not (np.abs(gain) <= 1.0).all():
        wrong = counted(int((~(np.abs(gain) <= 1.0)).sum()), "row")
        rule = "a gain is a number of points of return probability, from -1 to 1"
        raise ColumnError(rule, f"{wrong} with another", "take the share that returned as the outcome, 1 and 0")
    position = locate(members, table["customer_id"])
    found, absent = {}, np.zeros(len(members), bool)
    for action in named:
        own = of == action
        at, there = position[own], position[own] >= 0
        if len(np.unique(at[there])) < int(there.sum()):
            raise ColumnError("a table of gains has one row a member and action", f"more of {action!r}", "leave one of each")
        gains = np.full(len(members), float(gain[own].mean()))
        gains[at[there]] = gain[own][there]
        told = np.zeros(len(members), bool)
        told[at[there]] = True
        found[action], absent = gains, absent | ~told
    return found, int(absent.sum())


def _table(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    if not path.is_file():
        raise SourceError("a table of gains is a file", f"{str(path)!r}, which is not there", "check the path")
    try:
        if path.suffix == ".parquet":
            return pa.parquet.read_table(path)
        texts = dict.fromkeys(("customer_id", "action"), pa.string())
        return pa.csv.read_csv(path, convert_options=pa.csv.ConvertOptions(column_types=texts))
    except pa.ArrowInvalid as error:
        raise SourceError("a table of gains is Parquet or CSV", f"{str(path)!r}, which is neither", "check it") from error
