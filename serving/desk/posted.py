"""Posted lines ↔ the text that the store keeps of each: JSON of what was said, the same for the same content."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from typing import Final

import orjson

from features.daily import Line

_NAMES: Final = tuple(field.name for field in fields(Line))


def to_text(line: Line) -> str:
    """A line as text: equal lines, equal texts.

    >>> to_text(Line(dt.datetime(2018, 1, 2, 9), 2.5, "a"))
    '{"amount":2.5,"order_id":"a","timestamp":"2018-01-02T09:00:00"}'
    """
    said = {name: value for name in _NAMES if (value := getattr(line, name)) is not None}
    said = {name: value + 0.0 if isinstance(value, float) else value for name, value in said.items()}  # -0.0 is 0.0
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode()


def from_text(text: str) -> Line:
    """The line again.

    >>> from_text(to_text(Line(dt.datetime(2018, 1, 2, 9), 2.5, "a"))).amount
    2.5
    """
    said = orjson.loads(text)
    return Line(**{**said, "timestamp": dt.datetime.fromisoformat(said["timestamp"])})
