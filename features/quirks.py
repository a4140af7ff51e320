"""What is odd about a log and yet no fault: signs of the factors of amounts, orders undone, rules that hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from features.cells import number_cell
from features.engine import fetch
from features.money import UNITS

if TYPE_CHECKING:
    from features.verdicts import Checked

UNDONE_MINUTES: Final = 60


@dataclass(frozen=True)
class Signs:
    """Rows in which a column that amounts are made of is below 0, and in which it is 0."""

    column: str
    negative: int
    zero: int


@dataclass(frozen=True)
class Held:
    """Rows for which a rule holds, and whether they are used all the same."""

    name: str
    rows: int
    kept: bool


@dataclass(frozen=True)
class Undone:
    """Purchases that a return of the same member, size and (where known) product undid within the hour.

    Returns of which only the day is known are left out. ``amount`` is their sum and ``largest`` the largest, in currency.
    """

    rows: int
    amount: float
    largest: float


def signs(checked: Checked) -> list[Signs]:
    """Signs of each column that amounts are made of, over all rows; empty in a log without amounts."""
    rows = checked.judged
    found = []
    for source in checked.columns.sources.get("amount", ()):
        number = number_cell(rows[source], "amount", checked.numbers)
        counts = fetch(rows.agg(negative=(number < 0).sum(), zero=(number == 0).sum())).to_pylist()[0]
        found.append(Signs(source, int(counts["negative"] or 0), int(counts["zero"] or 0)))
    return found


def held(checked: Checked) -> list[Held]:
    """How often each rule holds, over all rows."""
    if not checked.rules:
        return []
    counts = {f"r{i}": rule.holds(checked.judged).sum() for i, rule in enumerate(checked.rules)}
    row = fetch(checked.judged.agg(**counts)).to_pylist()[0]
    return [Held(rule.name, int(row[f"r{i}"] or 0), rule.keep) for i, rule in enumerate(checked.rules)]


def undone(checked: Checked) -> Undone | None:
    """Purchases undone within the hour, over usable rows; None in a log without amounts."""
    import ibis

    if not checked.columns.has_amounts:
        return None
    clean = checked.clean
    product = clean["product"].fill_null("") if "product" in clean.columns else ibis.literal("")
    line = clean.select(
        "customer_id", "timestamp", product=product, units=(clean.amount * UNITS + 0.5).floor().cast("int64")
    )
    bought = line.filter(line.units > 0)
    back = line.filter(line.units < 0).select(
        "customer_id", "product", units=-line.units, undone=line.timestamp, until=line.timestamp
    )
    pairs = bought.inner_join(back, ["customer_id", "product", "units"])
    late = pairs.timestamp + ibis.interval(minutes=UNDONE_MINUTES)
    timed = pairs.undone > pairs.undone.truncate("D")  # a time of midnight is a day: nobody knows in which order
    near = pairs.filter(timed & (pairs.undone >= pairs.timestamp) & (pairs.undone <= late))
    single = near.group_by("customer_id", "product", "units", "timestamp").agg(times=near.count())
    total = fetch(
        single.agg(rows=single.count(), amount=single.units.cast("decimal(38, 0)").sum(), largest=single.units.max())
    ).to_pylist()[0]
    return Undone(int(total["rows"]), int(total["amount"] or 0) / UNITS, int(total["largest"] or 0) / UNITS)
