"""Months and years of day numbers, in plain Python that numba can compile.

A month is counted from the year 0: ``12 * year + month - 1``. A day that its month lacks is taken as the month's last, and
always from the original day: a year after 29 February 2016 is 28 February 2017, four years after it 29 February 2020.
"""

from __future__ import annotations

_ERA = 146_097  # days in 400 years
_TO_EPOCH = 719_468  # from 0000-03-01 to 1970-01-01


def month_and_day(day: int) -> tuple[int, int]:
    """Month count and day of the month.

    >>> month_and_day(0)
    (23640, 1)
    """
    shifted = day + _TO_EPOCH
    era = shifted // _ERA
    of_era = shifted - era * _ERA
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153  # from March on
    return 12 * (year + 400 * era) + month + 2, of_year - (153 * month + 2) // 5 + 1


def month_start(month: int) -> int:
    """First day of a month.

    >>> month_start(23640), month_start(23642)
    (0, 59)
    """
    year = (month - 2) // 12
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * ((month - 2) % 12) + 2) // 5
    return era * _ERA + of_era * 365 + of_era // 4 - of_era // 100 + of_year - _TO_EPOCH


def day_in(month: int, day: int) -> int:
    """A day of a month, its last where it has fewer.

    >>> day_in(23641, 31)
    58
    """
    first = month_start(month)
    return min(first + day - 1, month_start(month + 1) - 1)


def months_on(day: int, months: int) -> int:
    """The same day some months later (or earlier, where negative).

    >>> months_on(30, 1)
    58
    """
    month, of_month = month_and_day(day)
    return day_in(month + months, of_month)


def leaves_months(day: int, months: int) -> int:
    """First morning T on which [T - months, T) no longer holds a day.

    >>> leaves_months(0, 1), leaves_months(29, 1)
    (32, 59)
    """
    month, of_month = month_and_day(day + 1)
    first = month_start(month + months)
    return min(first + of_month - 1, month_start(month + months + 1))


def period_start(day: int, month: int, of_month: int, months: int) -> int:
    """First day of the period that holds a day; periods of some months begin on a day of a month.

    >>> period_start(58, 23640, 31, 1), period_start(57, 23640, 31, 1)
    (58, 30)
    """
    now, _ = month_and_day(day)
    begins = now - (now - month) % months
    start = day_in(begins, of_month)
    return start if start <= day else day_in(begins - months, of_month)


def period_end(day: int, month: int, of_month: int, months: int) -> int:
    """First day of the next such period.

    >>> period_end(57, 23640, 31, 1)
    58
    """
    now, _ = month_and_day(day)
    begins = now - (now - month) % months
    start = day_in(begins, of_month)
    return start if start > day else day_in(begins + months, of_month)
