"""A trial from a file: any randomised table with one row a member, as CSV or Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ColumnError, ConfigError, SourceError, counted, listed
from features.operators import Floats, Integers
from retention.trial.table import TrialTable

if TYPE_CHECKING:
    import pyarrow as pa

CONTROLS: Final = ("hold-out", "holdout", "control", "0", "false")
"""Names that an arm which was left alone goes by, where none is given; letter case does not count."""


def read_trial(
    path: Path | str,
    *,
    arm: str,
    outcomes: Sequence[str],
    covariates: Sequence[str] = (),
    control: str | None = None,
    member: str | None = None,
    strata: str | None = None,
) -> TrialTable:
    r"""A table of a randomised trial, in the order of its rows.

    Parameters
    ----------
    path : .csv (also .csv.gz) or .parquet, with a header
    arm : column of the arm: any number of them, of any sizes
    outcomes : columns of what came afterwards: numbers, or true and false
    covariates : columns of what was known before the treatment: numbers (empty: not known) or texts
    control : the arm that was left alone; where None, the one called 'control' or 'hold-out', or 0
    member : column of ids; where None, rows are members
    strata : column within which arms were drawn, such as the tier

    Raises
    ------
    SourceError, ColumnError, ConfigError, ConflictError, UnusableLogError

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "mail.csv"
    >>> _ = file.write_text("segment,visit,recency\nNo E-Mail,0,3\nMens,1,2\nMens,1,8\nNo E-Mail,1,\n")
    >>> trial = read_trial(file, arm="segment", control="No E-Mail", outcomes=["visit"], covariates=["recency"])
    >>> trial.arm_names, trial.arm.tolist(), trial.covariates["recency"].tolist()
    (('No E-Mail', 'Mens'), [0, 1, 1, 0], [3.0, 2.0, 8.0, nan])
    """
    if not outcomes:
        raise ConfigError("a trial has an outcome", "none named", "name a column of what came afterwards")
    texts = [name for name in (arm, member, strata) if name is not None]
    wanted = list(dict.fromkeys([*texts, *outcomes, *covariates]))
    table = _columns(Path(path), wanted, texts)
    names, number = _coded(table[arm], arm)
    order = _control_first(names, control, arm)
    strata_names, stratum = _coded(table[strata], strata) if strata is not None else ((), None)
    return TrialTable(
        members=np.arange(1, table.num_rows + 1) if member is None else _ids(table[member], member),
        arm=np.argsort(order)[number],
        arm_names=tuple(names[k] for k in order),
        outcomes={name: _numbers(table[name], name, "an outcome") for name in outcomes},
        covariates={name: _known(table[name], name) for name in covariates},
        strata=stratum,
        strata_names=strata_names,
    )


def _columns(path: Path, wanted: Sequence[str], texts: Sequence[str]) -> pa.Table:
    """The columns wanted; those of ``texts`` as texts where the file does not say what they are."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    if not path.is_file():
        raise SourceError("a trial is read from a file", f"{str(path)!r}, which is not there", "check the path")
    try:
        if path.suffix == ".parquet":
            has = pa.parquet.read_schema(path).names
            _check_columns(has, wanted)
            return pa.parquet.read_table(path, columns=list(wanted))
        as_text = pa.csv.ConvertOptions(column_types=dict.fromkeys(texts, pa.string()), strings_can_be_null=False)
        table = pa.csv.read_csv(path, convert_options=as_text)
    except pa.ArrowInvalid as error:
        rule = "a trial is a CSV or Parquet file with a header and as many cells in every row"
        raise SourceError(rule, f"{str(path)!r}, which cannot be read as one", "check the file") from error
    _check_columns(table.column_names, wanted)
    return table.select(list(wanted))


def _check_columns(has: Sequence[str], wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in has]
    if missing:
        fix = f"name columns that are there: {listed(list(has))}"
        raise ColumnError("the columns of a trial are in its table", f"no column {listed(missing)}", fix)
    twice = [name for name in wanted if list(has).count(name) > 1]
    if twice:
        raise ColumnError("a column has a name of its own", f"more than one called {listed(twice)}", "rename one of them")


def _coded(column: Any, name: str) -> tuple[tuple[str, ...], Integers]:
    """Names in the order of the alphabet, and (n,) positions among them."""
    texts = np.array([_text(value) for value in column.to_pylist()], dtype=object)
    empty = int((texts == "").sum())
    if empty:
        raise ColumnError(
            f"every row says its {name!r}", f"{counted(empty, 'row')} without", "fill them in or leave them out"
        )
    found, at = np.unique(texts, return_inverse=True) if len(texts) else (texts, np.zeros(0, np.int64))
    return tuple(found.tolist()), at.astype(np.int64)


def _text(value: Any) -> str:
    """A cell as a name: 1.0 and 1 are the same one.

    >>> _text(1.0), _text(True), _text(" Gold "), _text(None)
    ('1', 'true', 'Gold', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _control_first(names: tuple[str, ...], control: str | None, column: str) -> list[int]:
    """Positions among the names, that of the control first."""
    if control is not None:
        first = [k for k, name in enumerate(names) if name == control.strip()]
    else:
        first = [k for k, name in enumerate(names) if name.lower() in CONTROLS]
    if len(first) != 1:
        got = f"{control!r} among {listed(names)}" if control is not None else f"{listed(names) or 'none'} in {column!r}"
        raise ConfigError("one arm of a trial is the control: members left alone", got, "name it, as one of the arms")
    return [first[0], *(k for k in range(len(names)) if k != first[0])]


def _ids(column: Any, name: str) -> npt.NDArray[Any]:
    """(n,) ids, whole numbers or texts."""
    if column.null_count:
        raise ColumnError("every row says its member", f"{counted(column.null_count, 'row')} without", f"fill {name!r} in")
    values = column.to_pylist()
    whole = all(isinstance(value, int) for value in values)
    return np.array(values, dtype=np.int64) if whole else np.array([_text(value) for value in values], dtype=object)


def _numbers(column: Any, name: str, what: str) -> Floats:
    """(n,) numbers, NaN where the cell is empty."""
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


def _known(column: Any, name: str) -> npt.NDArray[Any]:
    """(n,) a covariate: numbers, or texts where it holds texts."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return np.array([_text(value) for value in column.to_pylist()], dtype=object)
    return _numbers(column, name, "a covariate that is no text")
