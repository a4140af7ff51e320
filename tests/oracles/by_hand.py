"""Folds, operators and features of one member recomputed from raw lines, slowly, with nothing from the package under test.

A line is anything with the contract's columns as attributes; an event is (day, count, sum of scores).
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any

NAN = math.nan
ALL = 10**9
TIERS = ("tier", "tier_metric", "tier_carry", "need_to_keep", "need_to_rise", "days_to_review")

BOUGHT = {"cost": "cost", "discount": "discount", "coupon": "coupon", "quantity": "quantity"}
"""Value → column whose sizes are summed over purchases."""
BROUGHT_BACK = {"returned_cost": "cost", "points_back": "points", "returned_quantity": "quantity"}
"""Value → column whose sizes are summed over returns."""


def units(amount: float) -> int:
    """Ten-thousandths, halves up, by decimal arithmetic on the product as a float."""
    return int((Decimal(amount * 10_000 + 0.5)).to_integral_value(ROUND_FLOOR))


def is_return(line: Any) -> bool:
    return line.amount is not None and line.amount < 0


def shopping_days(lines: Iterable[Any]) -> dict[dt.date, dict[str, int]]:
    """Day → every value, in order of days; 0 for what no line of the day has."""
    by_day: dict[dt.date, list[Any]] = defaultdict(list)
    for line in lines:
        by_day[line.timestamp.date()].append(line)
    return {day: _values(own) for day, own in sorted(by_day.items())}


def _values(lines: list[Any]) -> dict[str, int]:
    bought = [line for line in lines if not is_return(line)]
    back = [line for line in lines if is_return(line)]

    def in_units(side: list[Any], column: str) -> list[int]:
        return [units(getattr(line, column)) for line in side if getattr(line, column) is not None]

    values = {
        "orders": len({("order", o) if (o := line.order_id) and o.strip() else ("time", line.timestamp) for line in bought}),
        "gross": sum(in_units(bought, "amount")),
        "returned": -sum(in_units(back, "amount")),
        "minute": min((line.timestamp.hour * 60 + line.timestamp.minute for line in bought), default=0),
        "points_earned": sum(number for number in in_units(bought, "points") if number > 0),
        "points_used": -sum(number for number in in_units(bought, "points") if number < 0),
    }
    values |= {value: sum(map(abs, in_units(bought, column))) for value, column in BOUGHT.items()}
    return values | {value: sum(map(abs, in_units(back, column))) for value, column in BROUGHT_BACK.items()}


def label_days(lines: Iterable[Any], name: str) -> list[tuple[dt.date, str, int, int]]:
    """(day, label, lines, gross units) over purchases with a label, sorted."""
    found: dict[tuple[dt.date, str], list[Any]] = defaultdict(list)
    for line in lines:
        label = getattr(line, name)
        if not is_return(line) and label is not None and label.strip():
            found[line.timestamp.date(), label].append(line)
    return sorted(
        (day, label, len(own), sum(units(line.amount) for line in own if line.amount is not None))
        for (day, label), own in found.items()
    )


def quantile(values: Sequence[float], q: float) -> float:
    """Linear interpolation between order statistics (Hyndman and Fan's type 7)."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * q
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


def over(numerator: float, denominator: float) -> float:
    return NAN if math.isnan(denominator) or denominator == 0 else numerator / denominator


class Operators:
    """The operators at a cutoff, each as a loop over days.

    ``columns`` are those that the log has; labels and values of others are absent. ``events`` is by kind, None where there
    is no event log.
    """

    def __init__(
        self,
        lines: Iterable[Any],
        cutoff: dt.date,
        horizon: int,
        columns: Iterable[str] = ("amount",),
        events: Mapping[str, Sequence[tuple[dt.date, int, float]]] | None = None,
    ) -> None:
        self.lines = [line for line in lines if line.timestamp < dt.datetime.combine(cutoff, dt.time())]
        self.cutoff, self.horizon = cutoff, horizon
        self.columns = set(columns)
        self.log = events
        days = shopping_days(self.lines)
        self.visits = {day: values for day, values in days.items() if values["orders"]}
        self.back = {day: values for day, values in days.items() if values["returned"] and "amount" in self.columns}
        dates = list(self.visits)
        self.gaps = [(later - earlier).days for earlier, later in itertools.pairwise(dates)]
        self.silence = self._age(dates[-1]) if dates else None

    def names(self) -> dict[str, Any]:
        """What an expression may use."""
        operators = (
            *("recency", "tenure", "last_gap", "gap_mean", "gap_sd", "gap_quantile", "longer_silences", "comeback_share"),
            *("total", "rate", "last", "first", "distinct", "entropy", "top_share"),
            *("events", "since_event", "last_score"),
        )
        absent: dict[str, Callable[[], float]] = dict.fromkeys(TIERS, lambda: NAN)
        return {**{name: getattr(self, name) for name in operators}, **absent, "ratio": over, "horizon": self.horizon}

    def _age(self, day: dt.date) -> int:
        return (self.cutoff - day).days

    # -- time -----------------------------------------------------------------------------------------------------------

    def recency(self) -> float:
        return NAN if self.silence is None else self.silence

    def tenure(self) -> float:
        return max((self._age(day) for day in self.visits), default=NAN)

    def last_gap(self) -> float:
        return self.gaps[-1] if self.gaps else NAN

    def gap_mean(self) -> float:
        return statistics.fmean(self.gaps) if self.gaps else NAN

    def gap_sd(self) -> float:
        return statistics.pstdev(self.gaps) if self.gaps else NAN

    def gap_quantile(self, q: float) -> float:
        return quantile(self.gaps, q) if self.gaps else NAN

    def _longer(self) -> list[int]:
        return [gap for gap in self.gaps if self.silence is not None and gap >= self.silence]

    def longer_silences(self) -> float:
        return len(self._longer())

    def comeback_share(self) -> float:
        """Of the silences that lasted this long, those that ended on one of the next ``horizon`` days."""
        longer = self._longer()
        ended = sum(any(gap == self.recency() + days for days in range(self.horizon)) for gap in longer)
        return over(ended, len(longer))

    # -- sums -----------------------------------------------------------------------------------------------------------

    def _of(self, value: str) -> list[tuple[int, Fraction]] | None:
        """(age, number) of each day that has the value, oldest first; None where the log has no such column."""
        column = {
            **dict.fromkeys(("gross", "returned", "returns"), "amount"),
            **dict.fromkeys(("points_earned", "points_used"), "points"),
            **BOUGHT,
            **BROUGHT_BACK,
            "evening": "time",
            "with_discount": "discount",
            "with_coupon": "coupon",
        }.get(value)
        if column is not None and column not in self.columns:
            return None
        days = self.back if value in {"returned", "returns", *BROUGHT_BACK} else self.visits
        count: dict[str, Callable[[dt.date, Mapping[str, int]], int]] = {
            "visits": lambda day, values: 1,
            "returns": lambda day, values: 1,
            "orders": lambda day, values: values["orders"],
            "weekend": lambda day, values: day.isoweekday() in {6, 7},
            "month_start": lambda day, values: day.day in range(1, 8),
            "evening": lambda day, values: values["minute"] in range(18 * 60, 24 * 60),
            "with_discount": lambda day, values: values["discount"] != 0,
            "with_coupon": lambda day, values: values["coupon"] != 0,
        }
        number = count.get(value, lambda day, values: Fraction(values[value], 10_000))
        return [(self._age(day), Fraction(number(day, values))) for day, values in days.items()]

    def total(self, value: str, days: int = ALL, until: int = 0) -> float:
        found = self._of(value)
        return NAN if found is None else float(sum(number for age, number in found if until < age <= days))

    def rate(self, value: str, half_life: int) -> float:
        """What came before a gap of more than sixty half-lives is forgotten."""
        found = self._of(value)
        if found is None:
            return NAN
        remembered, later = [], 0
        for age, number in reversed(found):
            if age - later > 60 * half_life:
                break
            remembered.append(float(number) * 2 ** (-age / half_life))
            later = age
        return 30 * (2 ** (1 / half_life) - 1) * math.fsum(remembered)

    def last(self, value: str) -> float:
        found = self._of(value)
        return float(found[-1][1]) if found else NAN

    def first(self, value: str) -> float:
        found = self._of(value)
        return float(found[0][1]) if found else NAN

    # -- mixtures -------------------------------------------------------------------------------------------------------

    def _days_by_label(self, label: str, days: int) -> Counter[Any] | None:
        if label == "weekday":
            return Counter(day.weekday() for day in self.visits if self._age(day) <= days)
        if label not in self.columns:
            return None
        return Counter(name for day, name, _, _ in label_days(self.lines, label) if self._age(day) <= days)

    def distinct(self, label: str, days: int = ALL) -> float:
        found = self._days_by_label(label, days)
        return NAN if found is None else len(found)

    def entropy(self, label: str, days: int = ALL) -> float:
        found = self._days_by_label(label, days)
        if not found:
            return NAN
        shares = [number / sum(found.values()) for number in found.values()]
        return -sum(share * math.log(share) for share in shares)

    def top_share(self, label: str, days: int = ALL) -> float:
        found = self._days_by_label(label, days)
        return found.most_common(1)[0][1] / sum(found.values()) if found else NAN

    # -- events ---------------------------------------------------------------------------------------------------------

    def _events(self, kind: str) -> list[tuple[int, int, float]]:
        log = self.log or {}
        return sorted((self._age(day), count, score) for day, count, score in log.get(kind, ()) if day < self.cutoff)

    def events(self, kind: str, days: int = ALL) -> float:
        return NAN if self.log is None else sum(count for age, count, _ in self._events(kind) if age <= days)

    def since_event(self, kind: str) -> float:
        return min((age for age, _, _ in self._events(kind)), default=NAN)

    def last_score(self, kind: str) -> float:
        found = self._events(kind)
        return over(found[0][2], found[0][1]) if found else NAN


def describe(lines: Iterable[Any], cutoff: dt.date, horizon: int) -> dict[str, float]:
    """Default features without a policy, name → value, for a log with amounts."""
    by = Operators(lines, cutoff, horizon)
    if by.silence is None:
        raise ValueError("not a member at this cutoff")
    values: dict[str, float] = {
        "recency_days": by.silence,
        "tenure_days": by.tenure(),
        "visits_total": len(by.visits),
        "orders_91d": by.total("orders", 91),
        "season_visits": by.total("visits", 364, 364 - horizon) if by.tenure() > 364 else NAN,
        "season_spend": by.total("gross", 364, 364 - horizon) if by.tenure() > 364 else NAN,
        "gap_last_days": by.last_gap(),
        "gap_mean_days": by.gap_mean(),
        "gap_sd_days": by.gap_sd(),
        "gap_median_days": statistics.median(by.gaps) if by.gaps else NAN,
        "gap_p90_days": by.gap_quantile(0.9),
        "gap_max_days": max(by.gaps, default=NAN),
        "longer_silences": by.longer_silences(),
        "comeback_share": by.comeback_share(),
        "spend_per_order": by.total("gross") / by.total("orders"),
        "spend_last_visit": by.last("gross"),
        "returned_share": over(by.total("returned"), by.total("gross")),
        "visits_trend": over(by.rate("visits", 42), by.rate("visits", 126)),
        "spend_trend": over(by.rate("gross", 42), by.rate("gross", 126)),
    }
    values["silence_to_median_gap"] = over(by.silence, values["gap_median_days"])
    values["silence_to_p90_gap"] = over(by.silence, values["gap_p90_days"])
    values["silence_to_max_gap"] = over(by.silence, values["gap_max_days"])
    for width in (28, 91, 364):
        values[f"visits_{width}d"] = by.total("visits", width)
        values[f"spend_{width}d"] = by.total("gross", width)
    for half_life in (14, 42, 126, 378):
        values[f"visit_rate_{half_life}d"] = by.rate("visits", half_life)
    for half_life in (42, 126):
        values[f"spend_rate_{half_life}d"] = by.rate("gross", half_life)
    return values
