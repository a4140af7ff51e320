"""Members to be told of, from a file: their ids and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy.typing as npt

from features.errors import ColumnError, SourceError, listed
from retention.tables import read_table
from retention.trial.cells import ids
from retention.trial.reading import known
from retention.trial.table import check_covariate

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
    >>> members, values = read_members(file, "customer_id", ["visits", "tier"])
    >>> members.tolist(), values["visits"].tolist(), values["tier"].tolist()
    (['7', '9'], [3.0, nan], ['Gold', 'Base'])
    """
    table = read_table(path, _WHAT, texts=[member])
    missing = [name for name in (member, *covariates) if name not in table.column_names]
    if missing:
        fix = f"columns that are there: {listed(table.column_names)}"
        raise ColumnError("members have an id and the covariates of the trial", f"no column {listed(missing)}", fix)
    if not table.num_rows:
        raise SourceError("members to be told of are rows of a table", "none", "name a table with rows")
    members = ids(table[member], member)
    if len(set(members.tolist())) < len(members):
        raise ColumnError("members are there once", "some more than once", "leave one row of each")
    values = {name: known(table[name], name) for name in covariates}
    for name, own in values.items():
        check_covariate(name, own)
    return members, values


def column_names(path: Path) -> list[str]:
    """Columns of a table that could be covariates: numbers, yes or no, and texts; no dates, lists or structures."""
    import pyarrow as pa

    found = []
    for field in read_table(path, _WHAT).schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if any(getattr(pa.types, f"is_{name}")(kind) for name in ("boolean", *_TELLING[1:])):
            found.append(field.name)
    return found
