from __future__ import annotations

import datetime as dt

import pytest
from by_example import row
from hypothesis import given
from hypothesis import strategies as st

from features.errors import CutoffError
from features.histories import from_rows
from training.reach import STALE_DAYS, check_reach

FIRST = dt.date(2019, 3, 1)


@given(length=st.integers(0, 500), offset=st.integers(-100, 700))
def test_reach_is_from_the_second_day_to_a_month_after_the_end(length: int, offset: int) -> None:
    last = FIRST + dt.timedelta(days=length)
    log = from_rows([("m", sorted({FIRST: row(FIRST, 1), last: row(last, 1)}.values()))], has_amounts=False)
    as_of = FIRST + dt.timedelta(days=offset)
    if offset <= 0:
        with pytest.raises(CutoffError, match=f"got {as_of} in a log that begins on {FIRST}"):
            check_reach(log, as_of)
    elif offset > length + 1 + STALE_DAYS:
        with pytest.raises(CutoffError, match=f"got {as_of} in a log that ends on {last}"):
            check_reach(log, as_of)
    else:
        check_reach(log, as_of)
