"""The transaction contract: which columns a log must have, may have, and how its own names map to them.

=============  ========  =====================================================================
column         needed    meaning
=============  ========  =====================================================================
customer_id    yes       the member, a number or text, opaque; comes back as it came
timestamp      yes       when: a timestamp, a date, or ISO 8601 text; with a zone it is read in the programme's
amount         no        currency; >= 0 is a purchase (a free item is still a visit), < 0 a return
order_id       no        lines that belong together; without it, lines at one time are one order
cost           no        what the line cost the shop, in currency; its sign is that of the amount
discount       no        what was taken off the price, in currency; its sign does not matter
coupon         no        what of that was taken off by a coupon, in currency; its sign does not matter
points         no        points earned by the line; below 0 they are redeemed, or on a return taken back
quantity       no        units bought; its sign is that of the amount
product        no        what was bought, a number or text
category       no        the kind of product
channel        no        where the order came in: shop, web, app, ...
store          no        which shop
currency       no        of all amounts; a log has one
=============  ========  =====================================================================

Other columns are ignored. A log without amounts is in order: visits count, money is 'not available'.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from features.errors import ColumnError, listed

REQUIRED: Final = ("customer_id", "timestamp")
NUMBERS: Final = ("cost", "discount", "coupon", "points", "quantity")
"""Optional numbers that belong to a line with an amount. An empty one is 0."""
LABELS: Final = ("product", "category", "channel", "store")
"""Optional texts that say what kind of line it is."""
OPTIONAL: Final = ("amount", "order_id", *NUMBERS, *LABELS, "currency")
COLUMNS: Final = REQUIRED + OPTIONAL
NONE: Final = "none"
"""Mapped to an optional column: the log has none, whatever its columns are called."""
_JOINED: Final[Mapping[str, str]] = {"timestamp": "+"}
"""What stands between two columns that are joined as text; a ``*`` between those that are multiplied."""
_PARTS: Final = "say what parts the fields, as in delimiter: '^', or whitespace"
_DATA: Final = re.compile(r"@|^\d{4}-\d\d-\d\d|^-?[\d.,]+$")  # what a header's name would hardly be


@dataclass(frozen=True)
class Contract:
    """The columns of one kind of table.

    ``table`` names the kind in messages, ``option`` the command line's way to map a column. ``everyday`` gives for a
    contract column the names under which it is often found, compared without case and punctuation; they are used only where
    the contract's own name is missing, and always announced, so that a guess is never silent. ``products`` may be the
    product of two columns. Messages do not list the columns of a ``personal`` table.
    """

    table: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    everyday: Mapping[str, frozenset[str]]
    products: tuple[str, ...] = ()
    option: str = "--map"
    personal: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them, in order."""
        return self.required + self.optional

    def shown(self, columns: Sequence[str]) -> str:
        """A source's columns for a message."""
        return f"{len(columns)} others" if self.personal else listed(columns)


MEMBER_NAMES: Final = frozenset({"customerid", "customer", "memberid", "member", "userid", "clientid", "cardid"})
TRANSACTIONS: Final = Contract(
    table="a transaction log",
    required=REQUIRED,
    optional=OPTIONAL,
    products=("amount", *NUMBERS),
    everyday={
        "customer_id": MEMBER_NAMES,
        "timestamp": frozenset(
            {"timestamp", "time", "date", "datetime", "transactiondate", "transactiontime", "orderdate", "invoicedate"}
        ),
        "amount": frozenset({"amount", "value", "salesvalue", "revenue", "spend", "netamount", "totalamount"}),
        "order_id": frozenset({"orderid", "order", "invoiceid", "invoiceno", "invoice", "basketid", "receiptid"}),
    },
)


@dataclass(frozen=True)
class ColumnMap:
    """Where each contract column is found in the source.

    ``sources`` gives for each contract column that is there the source column, or two whose product it is
    (``amount: Quantity*UnitPrice``), or that say the day and the time of day (``timestamp: Date+Time``). ``guessed`` names
    those found under an everyday name.
    """

    sources: Mapping[str, tuple[str, ...]]
    guessed: tuple[str, ...] = field(default=())

    def shown(self, name: str) -> str:
        """Where a contract column is found, as it is written in settings."""
        return _JOINED.get(name, "*").join(self.sources[name])

    @property
    def has_amounts(self) -> bool:
        """Whether the log says how much, or only who and when."""
        return "amount" in self.sources


def resolve(
    columns: Sequence[str], mapping: Mapping[str, str] | None = None, contract: Contract = TRANSACTIONS
) -> ColumnMap:
    """Find the contract's columns among a source's.

    Parameters
    ----------
    columns : the source's column names
    mapping : contract column → source column, → ``a*b`` for the product of two, → ``date+time`` for a time in two, or →
        ``none`` for an optional one that the table does not have
    contract : of which kind of table

    Raises
    ------
    ColumnError
        an unknown contract column is mapped, a mapped source column is not there, a required column is
        missing, or two everyday names could be meant

    >>> resolve(["household_id", "Date", "qty", "price"],
    ...         {"customer_id": "household_id", "amount": "qty*price"}).sources
    {'customer_id': ('household_id',), 'timestamp': ('Date',), 'amount': ('qty', 'price')}
    """
    mapping = mapping or {}
    sources: dict[str, tuple[str, ...]] = {}
    guessed: list[str] = []
    missing: list[str] = []
    for name in mapping:
        if name not in contract.columns:
            raise ColumnError(
                f"a mapping names a contract column ({', '.join(contract.columns)})",
                repr(name),
                _closest(name, contract.columns),
            )
    for name in contract.columns:
        if name in contract.optional and mapping.get(name) == NONE and NONE not in columns:
            continue
        if name in mapping:
            sources[name] = _mapped(name, mapping[name], columns, contract)
        elif name in columns:
            sources[name] = (name,)
        elif found := _by_everyday_name(name, columns, contract):
            sources[name] = (found,)
            guessed.append(name)
        elif name in contract.required:
            fields = columns if len(columns) > 1 else columns[0].split()
            if any(_DATA.search(field) for field in fields):
                got = f"a first line of {len(fields)} fields that look like data"
                fix = "say them, as in header: [customer_id, timestamp, amount], or add a header line"
                raise ColumnError("a log begins with the names of its columns", got, fix)
            missing.append(name)
    if missing:
        names = " and ".join(map(repr, missing))
        fix = f"say which, as in {' '.join(f'{contract.option} {name}=YOUR_COLUMN' for name in missing)}"
        raise ColumnError(
            f"{contract.table} has {'a column' if len(missing) == 1 else 'columns'} {names}",
            f"the columns {contract.shown(columns)}",
            fix if len(columns) > 1 else f"{fix}; or {_PARTS}",
        )
    return ColumnMap(sources, tuple(guessed))


def _mapped(name: str, expression: str, columns: Sequence[str], contract: Contract) -> tuple[str, ...]:
    if expression in columns:
        return (expression,)
    mark = "+" if name in _JOINED and "*" not in expression else "*"
    parts = tuple(part.strip() for part in expression.split(mark))
    allowed = name in (_JOINED if mark == "+" else contract.products)
    if len(parts) > 2 or (len(parts) == 2 and not allowed):
        more = "or a date+time" if mark == "+" else "(only a number may be a product of two)"
        rule = f"{name!r} is one column {more}"
        raise ColumnError(rule, repr(expression), "name one column")
    for part in parts:
        if part not in columns:
            raise ColumnError(
                f"the column mapped to {name!r} is in the source",
                f"{part!r}, which is not among {contract.shown(columns)}",
                "check how it is spelt" if contract.personal else _closest(part, columns),
            )
    return parts


def _by_everyday_name(name: str, columns: Sequence[str], contract: Contract) -> str | None:
    names = contract.everyday.get(name, frozenset())
    matches = [column for column in columns if re.sub(r"[\W_]", "", column).lower() in names]
    if len(matches) > 1:
        fix = f"say which, as in {contract.option} {name}={matches[0]}"
        raise ColumnError(f"one column is the {name!r}", f"{listed(matches)}", fix)
    return matches[0] if matches else None


def _closest(name: str, candidates: Sequence[str]) -> str:
    if len(candidates) == 1:
        return _PARTS
    close = difflib.get_close_matches(name, candidates, n=1)
    return f"did you mean {close[0]!r}?" if close else f"choose one of {listed(candidates)}"
