"""What is odd about a log and yet no fault, against a count by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.quirks import UNDONE_MINUTES, Signs, Undone, signs, undone
from features.usability import report
from features.verdicts import Checked, check

START = dt.datetime(2017, 1, 1, 9)
Bought = tuple[str, int, float, str | None]
"""Member, minutes after the start, amount, product."""


def checked(rows: list[Bought], *, products: bool = True) -> Checked:
    columns: dict[str, Any] = {
        "customer_id": [row[0] for row in rows],
        "timestamp": [START + dt.timedelta(minutes=row[1]) for row in rows],
        "amount": [row[2] for row in rows],
        "product": pa.array([row[3] for row in rows], pa.string()),
    }
    return check(pa.table(columns if products else {k: v for k, v in columns.items() if k != "product"}))


def by_hand(rows: list[Bought]) -> Undone:
    """Each purchase against each return, purchases of one minute counted once."""
    found = {
        (member, minute, amount, product or "")
        for member, minute, amount, product in rows
        for other, later, back, returned in rows
        if amount > 0 and (other, -back, returned or "") == (member, amount, product or "") and 0 <= later - minute <= 60
    }
    return Undone(len(found), sum(row[2] for row in found), max((row[2] for row in found), default=0.0))


# -- undone purchases -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("back", "found"),
    [
        (("a", 10, -5.0, "tea"), True),
        (("a", 0, -5.0, "tea"), True),  # at once
        (("a", 60, -5.0, "tea"), True),
        (("a", 61, -5.0, "tea"), False),  # an hour later is another matter
        (("a", -1, -5.0, "tea"), False),  # and so is what was returned before
        (("b", 10, -5.0, "tea"), False),
        (("a", 10, -4.99, "tea"), False),
        (("a", 10, -5.0, "coffee"), False),
        (("a", 10, -5.0, None), False),
        (("a", 10, 5.0, "tea"), False),
    ],
)
def test_a_purchase_is_undone_by_a_return_of_its_like_within_the_hour(back: Bought, found: bool) -> None:
    rows = [("a", 0, 5.0, "tea"), back]
    assert UNDONE_MINUTES == 60
    assert undone(checked(rows)) == by_hand(rows) == (Undone(1, 5.0, 5.0) if found else Undone(0, 0.0, 0.0))


def test_a_return_without_a_product_undoes_a_purchase_without_one() -> None:
    rows: list[Bought] = [("a", 0, 5.0, None), ("a", 10, -5.0, " ")]
    assert undone(checked(rows)) == Undone(1, 5.0, 5.0)


def test_without_products_members_and_amounts_tell() -> None:
    rows: list[Bought] = [("a", 0, 5.0, "tea"), ("a", 10, -5.0, "coffee")]
    assert undone(checked(rows)) == Undone(0, 0.0, 0.0)
    assert undone(checked(rows, products=False)) == Undone(1, 5.0, 5.0)


def test_a_purchase_undone_twice_is_one() -> None:
    rows: list[Bought] = [("a", 0, 5.0, "tea"), ("a", 10, -5.0, "tea"), ("a", 20, -5.0, "tea")]
    assert undone(checked(rows)) == Undone(1, 5.0, 5.0)


def test_the_largest_and_the_sum_are_told() -> None:
    rows = [
        ("a", 0, 168_469.6, "x"),
        ("a", 12, -168_469.6, "x"),
        ("b", 0, 0.1, "y"),
        ("b", 1, -0.1, "y"),
        ("b", 1, 7.0, "y"),
    ]
    found = checked(rows)
    assert undone(found) == Undone(2, 168_469.7, 168_469.6)
    said = (
        "undone         2 purchases worth 168,469.70, the largest 168,469.60, each returned within 60 minutes; both are kept"
    )
    assert said in report(found).to_text().splitlines()


def test_without_amounts_there_is_nothing_to_undo() -> None:
    assert undone(check(pa.table({"customer_id": [1], "timestamp": [START]}))) is None
    assert signs(check(pa.table({"customer_id": [1], "timestamp": [START]}))) == []


def test_where_only_days_are_known_nothing_is_within_the_hour() -> None:
    log = pa.table({"customer_id": ["a", "a"], "timestamp": ["2017-01-01"] * 2, "amount": [5.0, -5.0]})
    assert undone(check(log)) == Undone(0, 0.0, 0.0)


def test_refused_rows_undo_nothing() -> None:
    log = pa.table(
        {"customer_id": ["a", "a"], "timestamp": [START.isoformat()] * 2, "amount": ["5", "-5"], "cost": ["", "many"]}
    )
    assert undone(check(log)) == Undone(0, 0.0, 0.0)


lines = st.tuples(
    st.sampled_from("ab"),
    st.integers(-90, 90),
    st.sampled_from([5.0, -5.0, 2.5, -2.5, 0.0]),
    st.sampled_from(["tea", "coffee", None]),
)


@settings(max_examples=8)
@given(st.lists(lines, min_size=1, max_size=25))
def test_undone_purchases_are_those_found_by_hand(rows: list[Bought]) -> None:
    assert undone(checked(rows)) == by_hand(rows)


# -- signs ------------------------------------------------------------------------------------------------------------

FACTORS = {
    "customer_id": [1, 1, 1, None, 1, 1],
    "timestamp": ["2017-01-01"] * 6,
    "qty": ["2", "-1", "0", "-3", "", "x"],
    "price": [1.5, 2.0, 0.0, 0.0, -1.0, None],
}


def test_signs_of_each_factor_are_counted_over_all_rows() -> None:
    found = check(pa.table(FACTORS), {"amount": "qty*price"})
    assert signs(found) == [Signs("qty", 2, 1), Signs("price", 1, 2)]
    text = report(found).to_text().splitlines()
    assert "signs          qty is below 0 in 2 rows, and 0 in 1 row" in text
    assert "signs          price is below 0 in 1 row, and 0 in 2 rows" in text


def test_signs_of_a_single_amount() -> None:
    log = pa.table({"customer_id": [1] * 4, "timestamp": ["2017-01-01"] * 4, "amount": ["1", "-1", " -0.0 ", "oops"]})
    assert signs(check(log)) == [Signs("amount", 1, 1)]


def test_signs_of_amounts_with_a_decimal_comma() -> None:
    log = pa.table({"customer_id": [1] * 3, "timestamp": ["2017-01-01"] * 3, "amount": ["-1.234,50", "0,00", "2,5"]})
    assert signs(check(log, decimal_comma=True)) == [Signs("amount", 1, 1)]
    assert signs(check(log)) == [Signs("amount", 0, 0)]


@settings(max_examples=6)
@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2)), min_size=1, max_size=20))
def test_signs_are_those_counted_by_hand(pairs: list[tuple[int, int]]) -> None:
    size = len(pairs)
    log = pa.table(
        {
            "customer_id": [1] * size,
            "timestamp": ["2017-01-01"] * size,
            "n": [n for n, _ in pairs],
            "p": [p for _, p in pairs],
        }
    )
    by_column = {"n": [n for n, _ in pairs], "p": [p for _, p in pairs]}
    expected = [Signs(name, sum(x < 0 for x in own), own.count(0)) for name, own in by_column.items()]
    assert signs(check(log, {"amount": "n*p"})) == expected
