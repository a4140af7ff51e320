"""What the description allows is what is taken, and nothing else."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from serving.desk import fields

KINDS = [
    "MemberField",
    "AmountField",
    "SizeField",
    "KindField",
    "TextField",
    "LabelField",
    "TimeField",
    "DateField",
    "ReasonsField",
]


def taken(kind: str, value: Any) -> bool:
    try:
        TypeAdapter(getattr(fields, kind)).validate_python(value)
    except ValidationError:
        return False
    return True


def allowed(schema: dict[str, Any], value: Any) -> bool:
    """JSON Schema's words that the fields use, written out."""
    if "anyOf" in schema:
        return any(allowed(one, value) for one in schema["anyOf"])
    if value == schema.get("not", {}).get("const", object()):
        return False
    if schema["type"] == "string":
        return (
            isinstance(value, str)
            and schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9)
            and re.search(schema["pattern"], value) is not None
            and not value.endswith("\n")  # Python's $ is also before a last newline; JSON Schema's is not
        )
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if schema["type"] == "integer" and value != int(value):
        return False
    return schema.get("minimum", -1e400) <= value <= schema.get("maximum", 1e400) and schema.get(
        "exclusiveMinimum", -1e400
    ) < value < schema.get("exclusiveMaximum", 1e400)


ANYTHING = st.one_of(
    st.integers(),
    st.integers(-5, 5),
    st.sampled_from(
        [
            2**63,
            1 - 2**63,
            92 * 10**17,
            92 * 10**17 + 1,
            9.2e18,
            1e11,
            -1e11,
            0.0,
            0.5,
            "survey",
            "\x00",
            "a\x7f",
            " ",
            " a",
            "\u3000",
            True,
            None,
        ]
    ),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    st.dates(dt.date(1900, 1, 1), dt.date(2150, 1, 1)).map(dt.date.isoformat),
    st.datetimes(dt.datetime(1979, 1, 1), dt.datetime(2101, 1, 1)).map(dt.datetime.isoformat),
    st.from_regex(r"(19|20)[0-9]{2}-[0-1][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-9]{2}(Z|[+-][0-2][0-9]:30)?)?", fullmatch=True),
)


@given(ANYTHING)
def test_what_is_described_is_what_is_taken(value: Any) -> None:
    for kind in KINDS:
        assert taken(kind, value) == allowed(TypeAdapter(getattr(fields, kind)).json_schema(), value), (kind, value)


@given(st.dates(dt.date(1980, 1, 1), dt.date(2099, 12, 31)))
def test_every_day_of_the_calendar_is_taken(day: dt.date) -> None:
    assert TypeAdapter(fields.DateField).validate_python(day.isoformat()) == day


@pytest.mark.parametrize(
    "text", ["1979-12-31", "2100-02-28", "2017-02-29", "2099-04-31", "2017-00-10", "2017-01-00", "2017-1-1"]
)
def test_no_other_day_is(text: str) -> None:
    assert not taken("DateField", text)
    assert not taken("TimeField", text)


def test_the_first_hours_of_1980_ahead_of_utc_stay_in_1980() -> None:
    assert TypeAdapter(fields.TimeField).validate_python("1980-01-01T00:30:00+05:00") == dt.datetime(1980, 1, 1, 0, 30)
