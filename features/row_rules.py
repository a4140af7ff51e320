"""Rules about rows: what a shop knows of its own log, as 'invoices that begin with C are cancellations'.

::

    rules:
      - {name: cancellation, column: InvoiceNo, matches: ["C*"], keep: true}      # counted, and used
      - {name: postage, column: StockCode, matches: [POST, DOT], keep: false}     # counted, and refused

A pattern is a text as it stands in the column, with a ``*`` at its end, its beginning, or both.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from features.errors import ColumnError, ConfigError, listed

if TYPE_CHECKING:
    import ibis.expr.types as ir

_Text = Annotated[str, Field(min_length=1, max_length=200)]


class Rule(BaseModel):
    """Rows whose ``column`` matches one of the patterns; refused unless ``keep``.

    >>> Rule(name="postage", column="StockCode", matches=("POST", "DOT")).keep
    False
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=60)]
    column: _Text
    matches: Annotated[tuple[_Text, ...], Field(min_length=1, max_length=200)]
    keep: bool = False

    @field_validator("matches")
    @classmethod
    def _stars_at_the_ends(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if "*" in pattern[1:-1]:
                raise ConfigError("a rule's pattern has a * at its end, its beginning, or both", repr(pattern), "split it")
        return patterns

    def holds(self, table: ir.Table) -> Any:
        """Whether a row matches, false where the column is empty.

        Raises
        ------
        ColumnError
            the source has no such column
        """
        if self.column not in table.columns:
            raise ColumnError(
                f"the column of the rule {self.name!r} is in the source",
                f"{self.column!r}, which is not among {listed(table.columns)}",
                "change the rule",
            )
        text = table[self.column].cast("string").strip()
        found = functools.reduce(operator.or_, (_matches(text, pattern) for pattern in self.matches))
        return (found & (text != "")).fill_null(False)


def _matches(text: Any, pattern: str) -> Any:
    plain = pattern.strip("*")
    if pattern.startswith("*") and pattern.endswith("*"):
        return text.contains(plain)
    if pattern.endswith("*"):
        return text.startswith(plain)
    return text.endswith(plain) if pattern.startswith("*") else text == plain


def refusing(rules: Sequence[Rule]) -> list[Rule]:
    """Those that refuse rows."""
    return [rule for rule in rules if not rule.keep]
