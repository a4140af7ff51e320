"""What else a log may have, and what is refused of it: columns of the wrong kind, wrong mappings, wrong numbers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from features.engine import fetch
from features.errors import ColumnError
from features.reading import from_log
from features.schema import COLUMNS, LABELS, NUMBERS, OPTIONAL
from features.verdicts import Checked, check


def checked(mapping: dict[str, str] | None = None, **columns: Any) -> Checked:
    size = len(next(iter(columns.values())))
    return check(pa.table({"customer_id": [1] * size, "timestamp": ["2017-01-01"] * size, **columns}), mapping)


def reasons(found: Checked) -> list[str | None]:
    return fetch(found.rows.select("tc_reason"))["tc_reason"].to_pylist()


def test_the_contract() -> None:
    assert ("customer_id", "timestamp", *OPTIONAL) == COLUMNS
    assert {*NUMBERS, *LABELS, "amount", "order_id", "currency"} == {*OPTIONAL}


@pytest.mark.parametrize("name", ["amount", *NUMBERS])
@pytest.mark.parametrize("values", [[dt.datetime(2017, 1, 1)], [True], [b"1"]], ids=["a time", "a truth value", "bytes"])
def test_a_number_is_no_other_kind_of_thing(name: str, values: list[Any]) -> None:
    with pytest.raises(ColumnError, match=rf"{name} is a number; got a column of type .*map another column to {name}"):
        checked(**{name: values})


@pytest.mark.parametrize("name", [*LABELS, "order_id", "currency", "customer_id", "timestamp"])
def test_only_a_number_is_a_product(name: str) -> None:
    with pytest.raises(ColumnError, match=rf"'{name}' is one column \(only a number may be a product of two\); got 'a\*b'"):
        checked({name: "a*b"}, a=["1"], b=["1"])


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_mapped_column_that_is_not_there_is_said(name: str) -> None:
    with pytest.raises(
        ColumnError, match=f"the column mapped to '{name}' is in the source; got 'wieght'.*did you mean 'weight'"
    ):
        checked({name: "wieght"}, weight=["1"])


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_column_may_be_left_out(name: str) -> None:
    found = checked({name: "none"}, **{name: ["many"]})
    assert name not in found.columns.sources
    assert reasons(found) == [None]


@pytest.mark.parametrize("name", ["tc_member", "tc_reason", "tc_again", "TC_COST", "tc_category", "tc_copy"])
def test_the_names_of_verdicts_are_taken(name: str) -> None:
    with pytest.raises(ColumnError, match=r"are kept for verdicts; got .*rename the column"):
        checked(**{name: ["1"]})


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "-1", "", None, "x", "1e11", "nan"], [None, None, None, None, *["unusable_number"] * 3]),
        ([1.0, None, float("inf"), -1e11, 9.9e10], [None, None, "unusable_number", "unusable_number", None]),
        ([1, 99_999_999_999, 100_000_000_000], [None, None, "unusable_number"]),
    ],
    ids=["text", "floats", "whole numbers"],
)
def test_a_line_is_refused_for_a_number_that_cannot_be_used(
    name: str, values: list[Any], expected: list[str | None]
) -> None:
    assert reasons(checked(**{name: values})) == expected


def test_one_unusable_number_among_several_is_enough() -> None:
    found = checked(cost=["1", "x", "1", ""], points=["1", "1", "y", ""], quantity=[1.0, 1.0, 1.0, None])
    assert reasons(found) == [None, "unusable_number", "unusable_number", None]


@pytest.mark.parametrize("name", LABELS)
def test_a_line_is_never_refused_for_a_label(name: str) -> None:
    assert reasons(checked(**{name: ["tea", "", None, "x" * 10_000]})) == [None] * 4


def test_a_currency_changes_no_history() -> None:
    plain, priced = from_log(checked(amount=[1.0])), from_log(checked(amount=[1.0], currency=["EUR"]))
    assert plain.columns == priced.columns == {"amount", "time"}
    assert plain.visits.values["gross"].tolist() == priced.visits.values["gross"].tolist() == [10_000]
