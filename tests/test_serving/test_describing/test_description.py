from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from features.bounds import StandingBounds
from features.daily import Line
from features.errors import NotFoundError, PolicyError
from features.histories import Histories, from_rows
from features.members import Enrolled, Prospects
from features.policy import TierPolicy
from serving.describing.description import described

DATES = st.dates(strategies.FIRST.date() + dt.timedelta(days=1), strategies.LAST.date())
POLICY = TierPolicy.from_dict(
    {
        "programme": "P",
        "metric": "spend",
        "tiers": [{"name": "Member"}, {"name": "Gold", "reach": 100.0}],
        "window": {"rolling_days": 30},
    }
)


def description(histories: Histories, date: dt.date, member: str = "m0", **options: Any) -> dict[str, Any]:
    return described(histories, member, date, **{"horizon_days": 7, "policy": POLICY, **options})


@settings(max_examples=40)
@given(strategies.costed_logs(), DATES)
def test_a_description_is_that_of_the_member_alone_from_earlier_rows(log: dict[str, list[Line]], date: dt.date) -> None:
    for member, own in log.items():
        if not any(line.timestamp.date() < date for line in own):
            with pytest.raises(NotFoundError):
                description(strategies.costed_histories(log), date, member)
            continue
        among = description(strategies.costed_histories(log), date, member)
        kept = [line for line in own if line.timestamp.date() < date]
        assert among == description(strategies.costed_histories({member: kept}), date, member)
        assert json.loads(json.dumps(among, allow_nan=False)) == json.loads(json.dumps(among))


def test_a_near_miss_is_a_sentence() -> None:
    histories = strategies.histories({"m0": [Line(dt.datetime(2016, 1, 5), 95.0001)]})
    (gold,) = description(histories, dt.date(2016, 1, 8))["tier"]["outlook"]
    assert gold["near_miss"] == "needs 5.00 more by 2016-01-14 to reach Gold"
    (gold,) = description(histories, dt.date(2016, 1, 8), language="zh")["tier"]["outlook"]
    assert gold["near_miss"] == "2016-01-14 前（含当日）还需 5.00，可升 Gold"
    held = strategies.histories({"m0": [Line(dt.datetime(2016, 1, 5), 6.0), Line(dt.datetime(2016, 1, 9), 95.0)]})
    tier = description(held, dt.date(2016, 1, 31))["tier"]
    assert tier["outlook"][0]["near_miss"] == "needs 5.00 more by 2016-02-04 to keep Gold"
    assert [change["date"] for change in tier["if_nothing_comes"]] == ["2016-02-05"]


def test_a_horizon_beyond_the_window_is_refused() -> None:
    histories = strategies.histories({"m0": [Line(dt.datetime(2016, 1, 5), 95.0)]})
    with pytest.raises(PolicyError, match="at least as long as the forecast's horizon; got 30 days against a horizon of 31"):
        description(histories, dt.date(2016, 1, 8), horizon_days=31)


def test_what_is_counted_is_needed_in_whole_numbers() -> None:
    histories = strategies.histories({"m0": [Line(dt.datetime(2016, 1, 5), 95.0)]})
    tiers = [{"name": "Member"}, {"name": "Gold", "reach": 10.0}]
    orders = TierPolicy.from_dict({**POLICY.model_dump(), "metric": "orders", "tiers": tiers})
    bounds = StandingBounds(near_amount=9)
    tier = description(histories, dt.date(2016, 1, 8), policy=orders, bounds=bounds)["tier"]
    assert tier["whole_numbers"] is True
    assert tier["outlook"][0]["near_miss"] == "needs 9 more by 2016-01-14 to reach Gold"


def test_without_amounts_there_is_no_tier() -> None:
    visit = (dt.date(2016, 1, 5), {"orders": 1, "gross": 0, "returned": 0})
    found = description(from_rows([("m0", [visit])], has_amounts=False), dt.date(2016, 1, 8))
    assert (found["tier"], found["ledger"]["spend"], found["standing"]["contribution"]["sales"]) == (None, None, None)


def test_prospects_of_unknown_date_are_described_and_later_ones_are_not() -> None:
    histories = strategies.histories({"m0": [Line(dt.datetime(2016, 1, 5), 95.0)]})
    ids = np.array(["p", "q"], object)
    prospects = Prospects(ids, np.array([-1, 20_000], np.int32), np.array([1, -1], np.int8))
    enrolled = Enrolled(np.array([-1], np.int8), prospects)
    found = description(histories, dt.date(2016, 1, 8), "p", enrolled=enrolled)
    assert (found["joined"], found["consent"], found["tier"]["name"], found["tier"]["history"]) == (None, True, "Member", [])
    assert found["standing"]["stage"] == "prospect"
    with pytest.raises(NotFoundError):
        description(histories, dt.date(2016, 1, 8), "q", enrolled=enrolled)
    assert description(histories, dt.date(2016, 1, 8), enrolled=enrolled)["consent"] is None
