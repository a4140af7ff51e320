"""Covariates as columns of numbers: what a forest can split on, and how each column is called in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ColumnError, listed
from features.operators import Floats

MOST_LEVELS: Final = 12
"""Texts of a covariate that have a column of their own; the rarer ones are alike."""
_LEAST_OF_A_LEVEL: Final = 0.01
"""Share of members below which a text has no column: names and addresses, which are all different, have none at all."""
_UNKNOWN: Final = ""


@dataclass(frozen=True, eq=False)
class Column:
    """One column: a number with what stands for an unknown one, whether it is unknown, or whether a text is ``level``.

    ``other`` is the text that it is otherwise, where there is but one.
    """

    covariate: str
    kind: str
    level: str = ""
    other: str | None = None
    fill: float = 0.0

    @property
    def words(self) -> str:
        """The column for people.

        >>> Column("tier", "text", "Gold").words, Column("visits_90d", "unknown").words
        ('tier is Gold', 'visits_90d is not known')
        """
        if self.kind == "number":
            return self.covariate
        if self.kind == "unknown":
            return f"{self.covariate} is not known"
        return self._is(self.level)

    @property
    def otherwise(self) -> str | None:
        """What holds where ``words`` do not, for people; None where that is several things."""
        return None if self.other is None else self._is(self.other)

    def _is(self, level: str) -> str:
        return f"{self.covariate} is {level or 'not known'}"

    def of(self, values: npt.NDArray[Any]) -> Floats:
        """(n,) the column of a covariate's values."""
        if self.kind == "text":
            return np.array([_text(value) == self.level for value in values.tolist()], np.float64)
        numbers = np.asarray(values, np.float64)
        unknown = np.isnan(numbers)
        return unknown.astype(np.float64) if self.kind == "unknown" else np.where(unknown, self.fill, numbers)


@dataclass(frozen=True, eq=False)
class Encoding:
    """Columns in the order of the covariates; ``constant`` are covariates with one value, or texts all different.

    Raises
    ------
    ColumnError
        no covariate has two values

    >>> known = {"tier": np.array(["Gold", "Base", "Gold"], object), "visits": np.array([3.0, np.nan, 5.0])}
    >>> encoding = Encoding.of(known)
    >>> [column.words for column in encoding.columns]
    ['tier is Base', 'visits', 'visits is not known']
    >>> encoding.matrix(known).tolist()
    [[0.0, 3.0, 0.0], [1.0, 4.0, 1.0], [0.0, 5.0, 0.0]]
    """

    columns: tuple[Column, ...]
    constant: tuple[str, ...] = ()

    @classmethod
    def of(cls, covariates: Mapping[str, npt.NDArray[Any]]) -> Encoding:
        """The columns that tell these members apart."""
        found = {name: _columns(name, values) for name, values in covariates.items()}
        columns = tuple(column for several in found.values() for column in several)
        constant = tuple(name for name, several in found.items() if not several)
        if not columns:
            got = f"one value each in {listed(constant)}" if constant else "no covariate"
            fix = "name columns of what was known before the treatment and differs between members"
            raise ColumnError("who is moved is told by covariates that differ between members", got, fix)
        return cls(columns, constant)

    def matrix(self, covariates: Mapping[str, npt.NDArray[Any]]) -> Floats:
        """(n, n_columns) of any members with these covariates.

        Raises
        ------
        ColumnError
            a covariate is missing, or is text where it was a number
        """
        for column in self.columns:
            values = covariates.get(column.covariate)
            rule = "members have the covariates of the trial"
            if values is None:
                raise ColumnError(rule, f"no column {column.covariate!r}", "add it, or leave it out of --covariates")
            if (values.dtype.kind in "OU") != (column.kind == "text"):
                kinds = ("a number", "texts") if column.kind != "text" else ("texts", "numbers")
                raise ColumnError(rule, f"{kinds[1]} in {column.covariate!r}", f"write it as {kinds[0]}, as in the trial")
        return np.stack([column.of(covariates[column.covariate]) for column in self.columns], axis=1)


def _columns(name: str, values: npt.NDArray[Any]) -> list[Column]:
    """The columns of one covariate, none where it has one value."""
    if values.dtype.kind in "OU":
        texts = np.array([_text(value) for value in values.tolist()], dtype=object)
        levels, count = np.unique(texts, return_counts=True) if len(texts) else (texts, np.zeros(0, np.int64))
        if len(levels) < 2:
            return []
        order = np.argsort(-count, kind="stable")[:MOST_LEVELS]
        if len(levels) == 2:  # one column says it all
            return [Column(name, "text", *sorted(levels.tolist()))]
        kept = sorted(levels[order[count[order] >= _LEAST_OF_A_LEVEL * len(texts)]].tolist())
        return [Column(name, "text", level) for level in kept]
    numbers = np.asarray(values, np.float64)
    known = numbers[~np.isnan(numbers)]
    fill = float(np.median(known)) if len(known) else 0.0
    found = [Column(name, "number", fill=fill)] if len(known) and np.ptp(known) > 0 else []
    return [*found, Column(name, "unknown")] if 0 < len(known) < len(numbers) else found


def _text(value: Any) -> str:
    return _UNKNOWN if value is None else str(value)
