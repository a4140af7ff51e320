from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from features.daily import Line
from serving.desk.posted import from_text, to_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5) | st.none()
LINES = st.builds(
    Line,
    st.datetimes(dt.datetime(1980, 1, 1), dt.datetime(2099, 12, 31)),
    st.floats(-1e10, 1e10) | st.none(),
    TEXTS,
    points=st.floats(-1e10, 1e10) | st.none(),
    category=TEXTS,
)


@given(LINES)
def test_a_line_survives_to_the_bit(line: Line) -> None:
    assert from_text(to_text(line)) == line
    assert to_text(from_text(to_text(line))) == to_text(line)


@given(LINES, LINES)
def test_different_lines_are_different_texts(one: Line, other: Line) -> None:
    assert (to_text(one) == to_text(other)) == (one == other)
