"""Cells of a trial's table: names, ids and numbers, as they were written."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ColumnError, counted
from features.operators import Floats, Integers

_MOST: Final = 2**63
"""Whole numbers from here on have no room in an array of them: such ids, hashes mostly, are texts."""


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
    whole = all(isinstance(value, int) and value < _MOST for value in values)
    return np.array(values, dtype=np.int64) if whole else np.array([text_of(value) for value in values], dtype=object)


def numbers(column: Any, name: str, what: str) -> Floats:
    """(n,) numbers, NaN where the cell is empty.

    Raises
    ------
    ColumnError
        it holds something else
    """
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
