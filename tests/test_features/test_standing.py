from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from features.bounds import StandingBounds
from features.daily import Line
from features.histories import Histories
from features.standing import Standing, stand

DATES = st.dates(strategies.FIRST.date() + dt.timedelta(days=1), strategies.LAST.date())
BOUNDS = StandingBounds(period_days=14, spend_per_period=(50, 100, 200, 400))
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["m0", "m1", "m2"]),
        st.dates(strategies.FIRST.date(), strategies.LAST.date()),
        st.sampled_from(["referral", "survey", "sent"]),
        st.sampled_from([0.0, 9.0, 9.5, 10.0]),
    ),
    min_size=1,
    max_size=8,
)


def rows(standing: Standing) -> dict[str, dict[str, object]]:
    """Each member's row, NaN as a word that equals itself."""
    frame = standing.to_pandas().set_index("customer_id").astype(object)
    return {str(member): row.where(row.notna(), "nan").to_dict() for member, row in frame.iterrows()}


def standing(histories: Histories, date: dt.date) -> Standing:
    return stand(histories, date, BOUNDS, pace=1.0)


@settings(max_examples=40)
@given(strategies.costed_logs(), EVENTS, DATES)
def test_a_member_alone_stands_as_among_all_others(log: dict[str, list[Line]], events: list[tuple], date: dt.date) -> None:
    histories = strategies.with_events(strategies.costed_histories(log), events)
    together = rows(standing(histories, date))
    for position, member in enumerate(histories.members):
        assert rows(standing(histories.select(np.array([position])), date)) == {member: together[member]}


@settings(max_examples=40)
@given(strategies.costed_logs(), EVENTS, DATES)
def test_later_rows_change_nothing(log: dict[str, list[Line]], events: list[tuple], date: dt.date) -> None:
    histories = strategies.with_events(strategies.costed_histories(log), events)
    assert rows(standing(histories, date)) == rows(standing(histories.before(date), date))


@settings(max_examples=40)
@given(strategies.costed_logs(), DATES)
def test_the_order_of_members_is_irrelevant(log: dict[str, list[Line]], date: dt.date) -> None:
    histories = strategies.costed_histories(log)
    turned = histories.select(np.arange(len(histories))[::-1])
    assert rows(standing(turned, date)) == rows(standing(histories, date))


def test_a_log_without_amounts_stands_by_its_visits() -> None:
    histories = strategies.histories({"m": [Line(dt.datetime(2016, 1, 5), 5.0)]})
    bare = Histories(histories.members, histories.visits, histories.returns, frozenset(), 0, histories.end_day)
    (row,) = rows(standing(bare, dt.date(2016, 1, 9))).values()
    assert {name: row[name] for name in ("recency_days", "monetary", "monetary_score", "sales", "profit", "stage")} == {
        "recency_days": 4.0,
        "monetary": "nan",
        "monetary_score": 0,
        "sales": "nan",
        "profit": "nan",
        "stage": 1,
    }


def test_the_frame_has_one_row_a_member(journey: Histories) -> None:
    frame = stand(journey, dt.date(2017, 11, 6)).to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == len(journey) == 2_469
    assert set(frame.stage) <= {0, 1, 2, 3}, "no advocates without an event log"
    assert frame.monetary.sum() > 0
