"""A trial from a file: any randomised table with one row a member, as CSV or Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, listed
from retention.tables import read_table
from retention.trial.cells import coded, ids, numbers, text_of, texts
from retention.trial.table import TrialTable

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
    names_in = [name for name in (arm, member, strata) if name is not None]
    wanted = list(dict.fromkeys([*names_in, *outcomes, *covariates]))
    table = read_table(Path(path), "a trial", wanted=wanted, texts=names_in)
    names, number = coded(table[arm], arm)
    order = _control_first(names, control, arm)
    strata_names, stratum = coded(table[strata], strata) if strata is not None else ((), None)
    return TrialTable(
        members=np.arange(1, table.num_rows + 1) if member is None else ids(table[member], member),
        arm=np.argsort(order)[number],
        arm_names=tuple(names[k] for k in order),
        outcomes={name: numbers(table[name], name, "an outcome") for name in outcomes},
        covariates={name: known(table[name], name) for name in covariates},
        strata=stratum,
        strata_names=strata_names,
    )


def read_texts(path: Path | str, columns: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Further columns of the same file as texts, by name: what differences are told by."""
    if not columns:
        return {}
    table = read_table(Path(path), "a trial", wanted=list(dict.fromkeys(columns)), texts=columns)
    return {name: texts(table[name]) for name in columns}


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


def known(column: Any, name: str) -> npt.NDArray[Any]:
    """(n,) a covariate: numbers, NaN where one is not known, or texts where it holds texts.

    Raises
    ------
    ColumnError
        it holds something else
    """
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return np.array([text_of(value) for value in column.to_pylist()], dtype=object)
    return numbers(column, name, "a covariate that is no text")
