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
from retention.plan.gains import Points
from retention.tables import read_table

_NEEDED: Final = ("customer_id", "action", "return_gain", "return_gain_sd")


def read_gains(path: Path, members: npt.NDArray[Any], actions: Sequence[str]) -> tuple[dict[str, Points], int]:
    """What each action adds to each member's probability of returning, and how many members the table does not hold.

    They get the mean of the action's gains in the table: of them nothing is known but that.

    Returns
    -------
    gains : by action of the table, (n_members,) points of return probability with their standard errors

    Raises
    ------
    SourceError, ColumnError, ConfigError
        it cannot be read; a gain is no probability, or told twice; an action is not in the catalogue; it holds no member
    """
    table = read_table(path, "a table of gains", texts=("customer_id", "action"))
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
    gain, error = _numbers(table["return_gain"]), _numbers(table["return_gain_sd"])
    if not (np.abs(gain) <= 1.0).all():
        wrong = counted(int((~(np.abs(gain) <= 1.0)).sum()), "row")
        rule = "a gain is a number of points of return probability, from -1 to 1"
        raise ColumnError(rule, f"{wrong} with another", "take the share that returned as the outcome, 1 and 0")
    usable = (error >= 0) & np.isfinite(error)
    if not usable.all():
        rule, fix = "a gain comes with its standard error, a number of at least 0", "write one with 'tiercast uplift --out'"
        raise ColumnError(rule, f"{counted(int((~usable).sum()), 'row')} with another", fix)
    position = locate(members, table["customer_id"])
    if len(members) and (position < 0).all():
        got, fix = f"none of {counted(len(members), 'member')}", "check that both files write ids alike"
        raise SourceError("members of the forecasts are in the table of gains", got, fix)
    found, absent = {}, np.zeros(len(members), bool)
    for action in named:
        own = of == action
        at, there = position[own], position[own] >= 0
        if len(np.unique(at[there])) < int(there.sum()):
            raise ColumnError("a table of gains has one row a member and action", f"more of {action!r}", "leave one of each")
        told = np.zeros(len(members), bool)
        told[at[there]] = True
        found[action] = Points(*(_spread(values[own], at, there, len(members)) for values in (gain, error)))
        absent |= ~told
    return found, int(absent.sum())


def _spread(values: Floats, at: npt.NDArray[np.int64], there: npt.NDArray[np.bool_], count: int) -> Floats:
    """(count,) the values at their members' places, and their mean elsewhere."""
    found = np.full(count, float(values.mean()))
    found[at[there]] = values[there]
    return found


def _numbers(column: Any) -> Floats:
    """(n,) numbers; NaN for what is none."""
    import pyarrow as pa

    numeric = pa.types.is_floating(column.type) or pa.types.is_integer(column.type)
    return np.asarray(column.to_numpy(), np.float64) if numeric else np.full(len(column), np.nan)
