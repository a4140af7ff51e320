"""Members to be told of, from a file: their ids and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ColumnError, counted, listed
from retention.tables import read_table

_WHAT: Final = "a table of members"
_TELLING: Final = ("bool", "integer", "floating", "decimal", "string", "large_string", "dictionary", "null")


def read_members(path: Path, member: str, covariates: Sequence[str]) -> tuple[npt.NDArray[Any], dict[str, npt.NDArray[Any]]]:
    r"""(n,) ids and (n,) values by covariate: numbers with NaN for unknown, or texts.

    Raises
    ------
    SourceError, ColumnError

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "members.csv"
    >>> _ = file.write_text("customer_id,visits,tier\n7,3,Gold\n9,,Base\n")
    >>> ids, known = read_members(file, "customer_id", ["visits", "tier"])
    >>> ids.tolist(), known["visits"].tolist(), known["tier"].tolist()
    (['7', '9'], [3.0, nan], ['Gold', 'Base'])
    """
    table = read_table(path, _WHAT, texts=[member])
    missing = [name for name in (member, *covariates) if name not in table.column_names]
    if missing:
        fix = f"columns that are there: {listed(table.column_names)}"
        raise ColumnError("members have an id and the covariates of the trial", f"no column {listed(missing)}", fix)
    ids = table[member]
    without = sum(value in (None, "") for value in ids.to_pylist())
    if without:
        raise ColumnError("every row says its member", f"{counted(without, 'row')} without", f"fill {member!r} in")
    if len(set(ids.to_pylist())) < len(ids):
        raise ColumnError("members are there once", "some more than once", "leave one row of each")
    values = ids.to_pylist()
    whole = all(isinstance(value, int) for value in values)
    return np.array(values, np.int64 if whole else object), {name: _values(table[name]) for name in covariates}


def column_names(path: Path) -> list[str]:
    """Columns of a table that could be covariates: numbers, yes or no, and texts; no dates, lists or structures."""
    import pyarrow as pa

    found = []
    for field in read_table(path, _WHAT).schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if any(getattr(pa.types, f"is_{name}")(kind) for name in ("boolean", *_TELLING[1:])):
            found.append(field.name)
    return found


def _values(column: Any) -> npt.NDArray[Any]:
    import pyarrow as pa

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return np.array(["" if value is None else str(value).strip() for value in column.to_pylist()], dtype=object)
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    return np.array([np.nan if value is None else float(value) for value in column.to_pylist()])
