"""A rolling-window programme kept as a diary: one page a day, tiers read off the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

DAY = dt.timedelta(days=1)


class Diary:
    """Qualifying spend by day (whole units, returns already taken off or left out) and a ladder of thresholds."""

    def __init__(self, pages: Mapping[dt.date, int], reach: Sequence[int], window: int) -> None:
        self.pages = dict(pages)
        self.reach = reach
        self.window = window

    def spend(self, date: dt.date) -> int:
        """What counts on the morning of a date: the pages of the ``window`` days before it."""
        total, page = 0, date
        for _ in range(self.window):
            page -= DAY
            total += self.pages.get(page, 0)
        return total

    def tier(self, date: dt.date) -> int:
        held = 0
        for position, threshold in enumerate(self.reach):
            if self.spend(date) >= threshold:
                held = max(held, position)
        return held

    def until(self, date: dt.date) -> Diary:
        """The diary as it was on the morning of a date."""
        return Diary({day: amount for day, amount in self.pages.items() if day < date}, self.reach, self.window)

    def with_purchase(self, date: dt.date, amount: int) -> Diary:
        return Diary({**self.pages, date: self.pages.get(date, 0) + amount}, self.reach, self.window)
