"""Cursors come back as they were written, or are refused."""

from __future__ import annotations

import base64
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from serving.database.cursors import read_cursor, write_cursor


@given(st.floats(allow_nan=False), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_round_trip(order: float, member: str) -> None:
    cursor = write_cursor(order, member, 7, "list")
    assert cursor.isascii()
    assert cursor.replace("-", "a").replace("_", "a").isalnum()
    read = read_cursor(cursor, 7, "list")
    assert read == (order, member)
    assert math.copysign(1, read[0]) == math.copysign(1, order)


@settings(max_examples=40)
@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_cursor(text, 7, "list")


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: [parts[0], "nan", parts[2]],
        lambda parts: [parts[0], 1.5, parts[2]],
        lambda parts: [parts[0], "0x1p99999", parts[2]],
        lambda parts: [parts[0], parts[1], 7],
        lambda parts: [parts[0], parts[1], "\ud800"],
        lambda parts: [parts[0], parts[1], "\0"],
        lambda parts: [*parts, 1],
        lambda parts: {"tag": parts[0]},
        lambda parts: ["", *parts[1:]],
    ],
)
def test_a_changed_one_is_refused(change: object) -> None:
    cursor = write_cursor(-1.5, "member", 7)
    parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    changed = base64.urlsafe_b64encode(json.dumps(change(parts)).encode()).decode().rstrip("=")  # type: ignore[operator]
    with pytest.raises(InputError):
        read_cursor(changed, 7)
