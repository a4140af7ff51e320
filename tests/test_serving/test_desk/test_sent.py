from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from features.zones import zone_of
from serving.desk.sent import LINE, History, TransactionLine


def rules(model: type[Any], content: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as raised:
        model.model_validate(content)
    return [(".".join(map(str, error["loc"])), error["msg"]) for error in raised.value.errors()]


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("timestamp", "soon", "a timestamp is ISO 8601 text"),
        ("timestamp", "", "a timestamp is ISO 8601 text"),
        ("timestamp", 1512208800, "a timestamp is ISO 8601 text"),
        ("timestamp", None, "a timestamp is ISO 8601 text"),
        ("timestamp", "2017-13-01", "a timestamp is ISO 8601 text"),
        ("timestamp", "0001-01-01T00:00:00+14:00", "a timestamp is ISO 8601 text"),
        ("timestamp", "1970-01-01T00:00:00", "of the years 1980 to 2099"),
        ("timestamp", "2100-01-01", "of the years 1980 to 2099"),
        ("timestamp", " 2017-12-02", "a timestamp is ISO 8601 text"),
        ("amount", "25.5", "an amount is a number"),
        ("amount", True, "an amount is a number"),
        ("amount", float("nan"), "an amount is a number"),
        ("amount", float("-inf"), "an amount is a number"),
        ("amount", 1e11, "an amount is a number"),
        ("amount", -(10**400), "an amount is a number"),
        ("amount", [1], "an amount is a number"),
        ("order_id", 1.5, "this is a text"),
        ("order_id", True, "this is a text"),
        ("order_id", "a\x00", "this is a text"),
        ("order_id", " ", "this is a text"),
        ("order_id", "x" * 201, "this is a text"),
        ("note", "x", "Extra inputs are not permitted"),
    ],
)
def test_what_a_line_may_not_hold(field: str, value: Any, rule: str) -> None:
    said = rules(TransactionLine, {**LINE, field: value})
    assert len(said) == 1
    assert said[0][0] == field
    assert rule in said[0][1]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2017-12-02", dt.datetime(2017, 12, 2)),
        ("2017-12-02T10:00:00", dt.datetime(2017, 12, 2, 10)),
        ("2017-12-02T10:00:00Z", dt.datetime(2017, 12, 2, 10)),
        ("2017-12-02T02:00:00+08:00", dt.datetime(2017, 12, 1, 18)),
        ("2017-12-31 23:30:00.5-01:00", dt.datetime(2018, 1, 1, 0, 30, 0, 500_000)),
    ],
)
def test_times_are_read_as_utc(text: str, utc: dt.datetime) -> None:
    assert TransactionLine.model_validate({**LINE, "timestamp": text}).to_line(dt.UTC).timestamp == utc


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2017-07-01T23:30:00", dt.datetime(2017, 7, 1, 23, 30)),  # without a zone, as the programme's clocks showed it
        ("2017-07-01T23:30:00Z", dt.datetime(2017, 7, 2, 1, 30)),
        ("2017-10-29T00:30:00Z", dt.datetime(2017, 10, 29, 2, 30)),
        ("2017-10-29T01:30:00Z", dt.datetime(2017, 10, 29, 2, 30)),  # the hour that Berlin's clocks show twice
    ],
)
def test_times_with_a_zone_are_read_in_the_programmes(text: str, shown: dt.datetime) -> None:
    zone = zone_of("Europe/Berlin")
    assert TransactionLine.model_validate({**LINE, "timestamp": text}).to_line(zone).timestamp == shown


@given(
    st.datetimes(dt.datetime(1980, 1, 1), dt.datetime(2099, 12, 31)),
    st.one_of(st.none(), st.floats(-9e10, 9e10, allow_nan=False), st.integers(-(10**10), 10**10)),
    st.one_of(
        st.none(),
        st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=200),
        st.integers(-92 * 10**17, 92 * 10**17),
    ),
)
def test_a_line_survives_json(time: dt.datetime, amount: Any, order: Any) -> None:
    sent = json.dumps({"timestamp": time.isoformat(), "amount": amount, "order_id": order})
    line = TransactionLine.model_validate(json.loads(sent)).to_line(dt.UTC)
    assert line.timestamp == time
    assert line.amount == amount
    assert line.order_id == (None if order is None else str(order))


def test_a_survey_has_a_score_and_nothing_else_has() -> None:
    event = {"timestamp": "2017-01-01", "kind": "survey"}
    history = {"customer_id": 1, "transactions": [LINE]}
    scored = History.model_validate({**history, "events": [{**event, "score": 9}, {**event, "kind": "opened"}]})
    assert [(one.kind, one.score) for one in scored.about(dt.UTC).events or ()] == [("survey", 9.0), ("opened", None)]
    assert rules(History, {**history, "events": [event]}) == [("events.0.=survey.score", "Field required")]
    assert rules(History, {**history, "events": [{**event, "kind": "opened", "score": 9}]}) == [
        ("events.0.=other.score", "Extra inputs are not permitted")
    ]
