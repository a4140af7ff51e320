"""What makes a whole log unusable as it is: amounts in several currencies, times of which only some have a zone.

No row of such a log is wrong by itself, so none can be refused: the log is, in one sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from features.engine import fetch
from features.errors import ColumnError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.schema import ColumnMap

# Classes instead of \d, as in features.dialects, whose shapes of a time of day and of an offset these tell apart.
_CLOCK: Final = "[0-9]:[0-9]{2}[0-9:.]*"
_OFFSET: Final = "(?:Z| UTC| ?[+-][0-9]{2}(?::?[0-9]{2})?)"
_ZONED: Final = f"{_CLOCK}{_OFFSET}$"
_TIMED: Final = f"{_CLOCK}{_OFFSET}?$"
_SHOWN: Final = 4


def one_currency(table: ir.Table, columns: ColumnMap) -> None:
    """Refuse a log whose amounts are in more than one currency, where a column says so.

    Raises
    ------
    ColumnError

    >>> from features.engine import open_table
    >>> from features.schema import resolve
    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer_id": 1, "timestamp": "2017-01-01", "amount": 1.0, "currency": ["A", "B"]})
    >>> one_currency(open_table(log), resolve(list(log)))
    Traceback (most recent call last):
    ...
    features.errors.ColumnError: a log has amounts in one currency; got A in 1 row, B in 1 row. To mend it: convert them, \
or keep a log for each.
    """
    if "currency" not in columns.sources:
        return
    text = table[columns.sources["currency"][0]].cast("string").strip().upper()
    named = table.select(currency=text).filter(lambda rows: rows.currency.notnull() & (rows.currency != ""))
    counts = named.group_by("currency").agg(rows=named.count()).order_by(["currency"]).limit(_SHOWN)
    found = fetch(counts).to_pylist()
    if len(found) > 1:
        got = ", ".join(f"{row['currency'][:8]} in {row['rows']:,} row{'s' if row['rows'] != 1 else ''}" for row in found)
        raise ColumnError("a log has amounts in one currency", got, "convert them, or keep a log for each")


def has_zone(column: ir.StringValue) -> ir.BooleanValue:
    """Whether a text time says its zone or offset."""
    return column.strip().re_search(_ZONED)


def zones_agree(table: ir.Table, column: ir.Column) -> None:
    """Refuse text times of which some have a zone and some have none: nobody can tell what the latter mean.

    Raises
    ------
    ColumnError
    """
    if not column.type().is_string():
        return
    zoned, timed = has_zone(column), column.strip().re_search(_TIMED)
    counts = fetch(table.agg(zoned=zoned.sum(), timed=timed.sum())).to_pylist()[0]
    with_zone = int(counts["zoned"] or 0)
    without = int(counts["timed"] or 0) - with_zone
    if with_zone and without:
        raise ColumnError(
            "the times of a log all have a zone, or none has",
            f"{with_zone:,} with a zone and {without:,} without",
            "say in which zone those without are, as in time_zone: Europe/Berlin",
        )
