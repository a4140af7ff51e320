"""Amounts and other numbers written as 1.234,50."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.cells import number_cell
from features.engine import fetch, open_table
from features.events import check_events
from features.number_formats import DECIMAL_COMMA
from features.schema import NUMBERS
from features.usability import report
from features.verdicts import REASONS, Checked, check


def numbers(texts: list[str], *, comma: bool) -> list[float | None]:
    table = open_table(pa.table({"x": texts}))
    return fetch(table.select(y=number_cell(table["x"], "amount", DECIMAL_COMMA if comma else None)))["y"].to_pylist()


def log(amounts: Any, mapping: dict[str, str] | None = None, **options: Any) -> Checked:
    size = len(amounts)
    table = pa.table({"customer_id": [1] * size, "timestamp": ["2017-01-01"] * size, "amount": amounts, "two": ["2"] * size})
    return check(table, mapping, **options)


def reasons(checked: Checked) -> list[str | None]:
    return fetch(checked.rows.select("tc_reason"))["tc_reason"].to_pylist()


TEXTS: list[tuple[str, float | None, float | None]] = [  # text, with decimal commas, without
    ("1,50", 1.5, None),
    ("1.234,50", 1_234.5, None),
    ("-1.234.567,89", -1_234_567.89, None),
    (" +12,5\t", 12.5, None),
    (",5", 0.5, None),
    ("7,", 7.0, None),
    ("7", 7.0, 7.0),
    ("1234,5", 1_234.5, None),
    ("1.234", 1_234.0, 1.234),  # one setting for one log: nothing else can tell
    ("1.234.567", 1_234_567.0, None),
    ("12.50", None, 12.5),  # a point that sets no thousands apart
    ("1.2345", None, 1.2345),
    (".5", None, 0.5),
    (".500", None, 0.5),
    ("5.", None, 5.0),
    ("1,234.50", None, None),  # the other way round
    ("1,234.567", None, None),
    ("1.23,4", None, None),
    ("1,2,3", None, None),
    ("1..234", None, None),
    ("1,5e2", 150.0, None),
    ("1 234,50", None, None),
    ("many", None, None),
    ("", None, None),
]


def test_numbers_with_a_decimal_comma() -> None:
    texts = [text for text, _, _ in TEXTS]
    assert dict(zip(texts, numbers(texts, comma=True), strict=True)) == {text: number for text, number, _ in TEXTS}
    assert dict(zip(texts, numbers(texts, comma=False), strict=True)) == {text: number for text, _, number in TEXTS}


@settings(max_examples=10)
@given(st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=60))
def test_what_is_written_with_commas_is_read_as_what_is_written_with_points(cents: list[int]) -> None:
    english = [f"{number / 100:,.2f}" for number in cents]
    german = [text.translate(str.maketrans(",.", ".,")) for text in english]
    plain = [text.replace(",", "") for text in english]
    assert numbers(german, comma=True) == numbers(plain, comma=False) == [float(text) for text in plain]
    assert numbers([text.replace(".", "") for text in german], comma=True) == [float(text) for text in plain]


def test_amounts_with_a_comma_are_refused_and_the_reason_says_what_to_set() -> None:
    checked = log(["1,50", "1.234,50", "1.50", "a,b", "oops"])
    assert reasons(checked) == ["comma_amount", "comma_amount", None, "comma_amount", "unparsable_amount"]
    assert "say decimal_comma: true" in REASONS["comma_amount"]


def test_with_decimal_commas_they_are_read() -> None:
    checked = log(["1,50", "1.234,50", "1.50", "a,b", "", "-2"], decimal_comma=True)
    # Whoever has said so is not told to say so.
    assert reasons(checked) == [None, None, "unparsable_amount", "unparsable_amount", "no_amount", None]
    assert fetch(checked.clean)["amount"].to_pylist() == [1.5, 1_234.5, -2.0]
    assert report(checked).bought_amount == 1_236.0


def test_typed_amounts_have_no_comma() -> None:
    for comma in (False, True):
        assert fetch(log([1.5, -2.25], decimal_comma=comma).clean)["amount"].to_pylist() == [1.5, -2.25]


def test_both_factors_of_an_amount_may_have_commas() -> None:
    mapping = {"amount": "amount*two"}
    assert fetch(log(["1,50", "1.000,25"], mapping, decimal_comma=True).clean)["amount"].to_pylist() == [3.0, 2_000.5]
    assert reasons(log(["1,50", "1.5"], mapping)) == ["comma_amount", None]


@pytest.mark.parametrize("name", NUMBERS)
def test_every_optional_number_may_have_a_comma(name: str) -> None:
    table = pa.table({"customer_id": [1] * 3, "timestamp": ["2017-01-01"] * 3, name: ["1.234,50", "", "1.50"]})
    assert reasons(check(table)) == ["unusable_number", None, None]
    checked = check(table, decimal_comma=True)
    assert reasons(checked) == [None, None, "unusable_number"]
    assert fetch(checked.clean)[name].to_pylist() == [1_234.5, None]


def test_scores_of_events_may_have_a_comma() -> None:
    table = pa.table({"customer_id": [1], "timestamp": ["2017-01-01"], "kind": ["survey"], "score": ["4,5"]})
    assert check_events(table, decimal_comma=True).folded["score"].to_pylist() == [45_000]
    assert check_events(table, decimal_comma=True).refused == {}
    assert sum(check_events(table).refused.values()) == 1
