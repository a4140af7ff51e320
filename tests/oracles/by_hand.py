"""Every feature of one member recomputed from the raw lines, slowly, with nothing from the package under test."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, Decimal

NAN = math.nan

RawLine = tuple[dt.datetime, float | None, str | None]
"""(time, amount, order id)."""


def units(amount: float) -> int:
    """Ten-thousandths, halves up, by decimal arithmetic on the product as a float."""
    return int((Decimal(amount * 10_000 + 0.5)).to_integral_value(ROUND_FLOOR))


def shopping_days(lines: Iterable[RawLine], cutoff: dt.date) -> tuple[dict[dt.date, dict], dict[dt.date, int]]:
    """Purchase days before a cutoff with orders and gross units, and units returned by day."""
    orders: dict[dt.date, set] = defaultdict(set)
    gross: dict[dt.date, int] = defaultdict(int)
    returned: dict[dt.date, int] = defaultdict(int)
    for time, amount, order in lines:
        if time >= dt.datetime.combine(cutoff, dt.time()):
            continue
        day = time.date()
        if amount is not None and amount < 0:
            returned[day] += -units(amount)
        else:
            orders[day].add(("order", order) if order and not order.isspace() else ("time", time))
            gross[day] += 0 if amount is None else units(amount)
    return {day: {"orders": len(orders[day]), "gross": gross[day]} for day in sorted(orders)}, dict(returned)


def quantile(values: Sequence[float], q: float) -> float:
    """Linear interpolation between order statistics (Hyndman and Fan's type 7)."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * q
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


def over(numerator: float, denominator: float) -> float:
    return NAN if math.isnan(denominator) or denominator == 0 else numerator / denominator


def describe(lines: Iterable[RawLine], cutoff: dt.date, horizon: int) -> dict[str, float]:
    """Feature name → value, for a log with amounts."""
    days, returned = shopping_days(lines, cutoff)
    if not days:
        raise ValueError("not a member at this cutoff")
    ages = {day: (cutoff - day).days for day in days}
    dates = list(days)
    gaps = [(later - earlier).days for earlier, later in itertools.pairwise(dates)]

    def within(what: str, width: float) -> int:
        return sum(1 if what == "visits" else days[day][what] for day in days if ages[day] <= width)

    def faded(what: str, half_life: int) -> float:
        return math.fsum(
            (1 if what == "visits" else days[day][what]) * 2 ** (-ages[day] / half_life)
            for day in days
            if ages[day] <= 20 * half_life
        )

    def monthly(what: str, half_life: int) -> float:
        return faded(what, half_life) * 30 * (2 ** (1 / half_life) - 1)

    silence = ages[dates[-1]]
    longer = [gap for gap in gaps if gap >= silence]
    values: dict[str, float] = {
        "recency_days": silence,
        "tenure_days": ages[dates[0]],
        "visits_total": len(days),
        "orders_91d": within("orders", 91),
        "gap_last_days": gaps[-1] if gaps else NAN,
        "gap_mean_days": statistics.fmean(gaps) if gaps else NAN,
        "gap_sd_days": statistics.pstdev(gaps) if gaps else NAN,
        "gap_median_days": statistics.median(gaps) if gaps else NAN,
        "gap_p90_days": quantile(gaps, 0.9) if gaps else NAN,
        "gap_max_days": max(gaps) if gaps else NAN,
        "longer_silences": len(longer),
        "comeback_share": over(sum(gap < silence + horizon for gap in longer), len(longer)),
        "spend_per_order": within("gross", math.inf) / 10_000 / within("orders", math.inf),
        "spend_last_visit": days[dates[-1]]["gross"] / 10_000,
        "returned_share": over(sum(returned.values()), within("gross", math.inf)),
        "visits_trend": over(monthly("visits", 42), monthly("visits", 126)),
        "spend_trend": over(monthly("gross", 42), monthly("gross", 126)),
    }
    values["silence_to_median_gap"] = over(silence, values["gap_median_days"])
    values["silence_to_p90_gap"] = over(silence, values["gap_p90_days"])
    values["silence_to_max_gap"] = over(silence, values["gap_max_days"])
    for width in (28, 91, 364):
        values[f"visits_{width}d"] = within("visits", width)
        values[f"spend_{width}d"] = within("gross", width) / 10_000
    for half_life in (14, 42, 126, 378):
        values[f"visit_rate_{half_life}d"] = monthly("visits", half_life)
    for half_life in (42, 126):
        values[f"spend_rate_{half_life}d"] = monthly("gross", half_life) / 10_000
    return values
