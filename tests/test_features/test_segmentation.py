from __future__ import annotations

import datetime as dt

import numpy as np
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from features.bounds import StandingBounds
from features.daily import Line
from features.ladder import PROSPECT
from features.segmentation import Segment, tabulated, to_frame, together
from features.standing import stand

DATES = st.dates(strategies.FIRST.date() + dt.timedelta(days=1), strategies.LAST.date())
BOUNDS = StandingBounds(period_days=14)


@settings(max_examples=40)
@given(strategies.costed_logs(), DATES, st.integers(0, 3))
def test_segments_add_up_to_the_base(log: dict[str, list[Line]], date: dt.date, prospects: int) -> None:
    histories = strategies.costed_histories(log)
    standing = stand(histories, date, BOUNDS)
    tiers = np.arange(len(histories)) % 2
    segments = tabulated(standing, tiers, prospects)
    known = sum(any(line.timestamp.date() < date for line in own) for own in log.values())
    assert sum(segment.members for segment in segments) == known + prospects
    places = [(segment.tier, segment.stage, segment.frequency_class) for segment in segments]
    assert places == sorted(set(places), reverse=True)
    if known:
        whole = together(segments)
        np.testing.assert_allclose(whole.spend, standing.contribution.sales.sum(), atol=1e-6)
        np.testing.assert_allclose(whole.profit, standing.contribution.profit.sum(), atol=1e-6)


@settings(max_examples=20)
@given(strategies.costed_logs(), DATES)
def test_the_order_of_members_is_irrelevant(log: dict[str, list[Line]], date: dt.date) -> None:
    histories = strategies.costed_histories(log)
    turned = histories.select(np.arange(len(histories))[::-1])
    assert tabulated(stand(turned, date, BOUNDS)) == tabulated(stand(histories, date, BOUNDS))


def test_prospects_hold_the_first_tier() -> None:
    histories = strategies.histories({"m": [Line(dt.datetime(2016, 1, 5), 5.0)]})
    standing = stand(histories, dt.date(2016, 1, 9))
    bought, prospects = tabulated(standing, np.array([0]), 3)
    assert (prospects.tier, prospects.stage, prospects.members, prospects.spend) == (0, PROSPECT, 3, 0.0)
    assert (bought.members, bought.spend, bought.profit, bought.returned_share) == (1, 5.0, None, 0.0)
    assert tabulated(stand(histories, dt.date(2016, 1, 5)), np.array([0])) == []


def test_two_segments_together() -> None:
    one, other = (
        Segment(1, 2, 1, 3, bought=100_000, returned=10_000),
        Segment(0, 1, 0, 1, bought=100_000, returned=0, earned=5),
    )
    both = one.with_more(other)
    assert (both.tier, both.members, both.spend, both.returned_share, both.earned) == (1, 4, 19.0, 0.05, 5)
    assert Segment(0, 0, -1, 2).spend is None


def test_the_frame_is_in_words() -> None:
    segments = [Segment(1, 3, 2, 4, 100_000, 0), Segment(0, 0, -1, 2)]
    frame = to_frame(segments, ("Member", "Gold"))
    assert frame.columns.tolist() == ["tier", "stage", "frequency_class", "members", "spend", "profit", "returned_share"]
    assert frame.tier.tolist() == ["Gold", "Member"]
    assert frame.frequency_class[0] == "high"
    assert frame.frequency_class.isna().tolist() == [False, True]
    assert to_frame(segments, language="zh").stage.tolist() == ["忠诚", "潜在"]
    assert "tier" not in to_frame(segments)
    assert to_frame([]).empty
