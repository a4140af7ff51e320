from __future__ import annotations

import datetime as dt

import numpy as np
from homes import Shop

from features.snapshot import to_day
from serving.batch.known import as_known


def test_rows_from_the_date_on_are_let_go_and_members_stay(shop: Shop) -> None:
    earlier = shop.as_of - dt.timedelta(days=50)
    known = as_known(shop.histories, earlier)
    assert np.array_equal(known.members, shop.histories.members)
    assert known.visits.day.max() < to_day(earlier) == known.end_day
    assert len(known.visits.day) == int((shop.histories.visits.day < to_day(earlier)).sum())


def test_after_the_logs_end_nothing_changes(shop: Shop) -> None:
    assert as_known(shop.histories, shop.as_of) is shop.histories
