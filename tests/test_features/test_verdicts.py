from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from features.engine import fetch
from features.errors import ColumnError, ConfigError, SourceError
from features.schema import NUMBERS
from features.verdicts import REASONS, Checked, check

DAY = dt.datetime(2017, 1, 1)


def reasons(checked: Checked) -> list[str | None]:
    """Verdicts in the order of the rows."""
    return fetch(checked.rows.select("tc_reason"))["tc_reason"].to_pylist()


def verdicts(**columns: Any) -> list[str | None]:
    size = len(next(iter(columns.values())))
    base = {"customer_id": ["a"] * size, "timestamp": ["2017-01-01"] * size}
    return reasons(check(pa.table({**base, **columns})))


# -- each reason ------------------------------------------------------------------------------------------------------

DIRTY = [  # customer_id, timestamp, amount, reason
    ("a", "2017-01-01", "1.0", None),
    ("007", "2017-01-02T09:30:00", "-1", None),
    ("b", "2017-01-31 09:30:00", " 0 ", None),
    ("", "2017-01-01", "1.0", "no_member"),
    ("  ", "", "", "no_member"),
    ("a", " ", "1.0", "no_time"),
    ("a", "31/01/2017", "1.0", "unparsable_time"),
    ("a", "2017-02-30", "", "unparsable_time"),
    ("a", "infinity", "1.0", "unparsable_time"),
    ("a", "20170-01-01", "1.0", "unparsable_time"),
    ("a", "1979-12-31T23:59:59", "1.0", "zero_date"),
    ("a", "1900-01-01", "oops", "zero_date"),
    ("a", "2017-01-01", " ", "no_amount"),
    ("a", "2017-01-01", "1,50", "comma_amount"),
    ("a", "2017-01-01", "1.234,50", "comma_amount"),
    ("a", "2017-01-01", "oops", "unparsable_amount"),
    ("a", "2017-01-01", "inf", "unparsable_amount"),
    ("a", "2017-01-01", "inf", "unparsable_amount"),
    ("a", "2017-01-01", "1e11", "amount_too_large"),
    ("a", "2017-01-01", "-1e11", "amount_too_large"),
]


def test_each_row_of_a_csv_gets_the_first_reason_that_holds(tmp_path: Path) -> None:
    table = pa.table(
        dict(zip(("customer_id", "timestamp", "amount"), zip(*(row[:3] for row in DIRTY), strict=True), strict=True))
    )
    pyarrow.csv.write_csv(table, tmp_path / "log.csv")
    checked = check(tmp_path / "log.csv")
    expected = Counter(row[3] for row in DIRTY)
    assert Counter(reasons(checked)) == expected
    assert reasons(check(table)) == [row[3] for row in DIRTY]
    quarantine = fetch(checked.quarantine)
    assert quarantine.column_names == ["customer_id", "timestamp", "amount", "reason"]
    assert Counter(quarantine["reason"].to_pylist()) == expected - Counter({None: expected[None]})
    assert fetch(checked.clean).num_rows == expected[None]


def test_each_reason_but_those_on_request_is_in_the_table_above() -> None:
    assert {row[3] for row in DIRTY} - {None} == set(REASONS) - {*("unusable_number", "ruled_out", "stray_time", "repeated")}


def test_a_typed_file_gets_the_same_verdicts(tmp_path: Path) -> None:
    table = pa.table(
        {
            "customer_id": pa.array([1.0, None, float("nan"), 2.0, 3.0, 4.0, 5.0]),
            "timestamp": pa.array([DAY, DAY, DAY, None, dt.datetime(1970, 1, 1), DAY, DAY], pa.timestamp("us")),
            "amount": pa.array([1.0, 1.0, 1.0, 1.0, 1.0, float("nan"), float("inf")]),
        }
    )
    pq.write_table(table, tmp_path / "log.parquet")
    assert reasons(check(tmp_path / "log.parquet")) == [
        *(None, "no_member", "no_member", "no_time", "zero_date", "no_amount", "unparsable_amount"),
    ]


# -- what comes back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (pa.array([1, 2]), [1, 2]),
        (pa.array([1, 2], pa.uint8()), [1, 2]),
        (pa.array(["007", " 7"]), ["007", " 7"]),
        (pa.array(["007", "7"]).dictionary_encode(), ["007", "7"]),
        (pa.array([1.0, 2.5]), [1.0, 2.5]),
        (pa.array([1.0, float("nan")]), [1.0]),
        (pa.array([None, 12], pa.int64()), [12]),
        (pa.array([None, "x"]), ["x"]),
    ],
)
def test_ids_come_back_as_they_came(ids: pa.Array, expected: list[Any]) -> None:
    clean = fetch(check(pa.table({"customer_id": ids, "timestamp": [DAY, DAY]})).clean)
    back = clean["customer_id"].to_pylist()
    assert back == expected
    assert [type(value) for value in back] == [type(value) for value in expected]


def test_a_uuid_is_text(tmp_path: Path) -> None:
    import duckdb

    member, path = str(uuid.UUID(int=7)), tmp_path / "log.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT '{member}'::UUID AS customer_id, DATE '2017-01-01' AS timestamp) TO '{path}'")
    assert fetch(check(path).clean)["customer_id"].to_pylist() == [member]


INSTANT = dt.datetime(2017, 1, 31, 7, 30)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([INSTANT]),
        pa.array([INSTANT], pa.timestamp("ns")),
        pa.array([INSTANT], pa.timestamp("s")),
        pa.array([INSTANT], pa.timestamp("us", "UTC")),
        pa.array([INSTANT], pa.timestamp("ms", "America/New_York")),
        pa.array(["2017-01-31 07:30:00"]),
        pa.array(["2017-01-31T07:30:00Z"]),
        pa.array([" 2017-01-31T09:30:00+02:00 "]),
        pa.array(["2017-01-30T23:30:00-08:00"]),
        pa.array(["2017-01-31T13:00:00.000000+05:30"]),
    ],
    ids=str,
)
def test_times_with_a_zone_are_read_as_utc(column: pa.Array) -> None:
    checked = check(pa.table({"customer_id": [1], "timestamp": column}))
    assert fetch(checked.clean)["timestamp"].to_pylist() == [INSTANT]
    assert checked.end == INSTANT


def test_a_date_is_its_first_instant() -> None:
    checked = check(pa.table({"customer_id": [1], "timestamp": pa.array([DAY.date()])}))
    assert fetch(checked.clean)["timestamp"].to_pylist() == [DAY]


@pytest.mark.parametrize("order", [None, "", "  "])
def test_a_blank_order_id_is_none(order: str | None) -> None:
    checked = check(pa.table({"customer_id": [1], "timestamp": [DAY], "order_id": pa.array([order], pa.string())}))
    assert fetch(checked.clean)["order_id"].to_pylist() == [None]


def test_a_missing_order_number_is_none() -> None:
    checked = check(pa.table({"customer_id": [1, 1], "timestamp": [DAY] * 2, "order_id": [float("nan"), 7.0]}))
    assert fetch(checked.clean)["order_id"].to_pylist() == [None, "7.0"]


# -- amounts ----------------------------------------------------------------------------------------------------------


def test_an_amount_may_be_a_product() -> None:
    table = pa.table(
        {
            "customer_id": [1] * 5,
            "timestamp": [DAY] * 5,
            "qty": ["2", "-1", "", "x", "1e300"],
            "price": [1.25, 3.0, 1.0, 1.0, 1e300],
        }
    )
    checked = check(table, {"amount": "qty*price"})
    assert fetch(checked.clean)["amount"].to_pylist() == [2.5, -3.0]
    assert reasons(checked) == [None, None, "no_amount", "unparsable_amount", "unparsable_amount"]


def test_a_log_without_amounts_is_in_order() -> None:
    checked = check(pa.table({"customer_id": [1], "timestamp": [DAY]}))
    assert not checked.columns.has_amounts
    assert fetch(checked.clean).to_pylist() == [{"customer_id": 1, "timestamp": DAY, "amount": None, "order_id": None}]


def test_decimal_amounts() -> None:
    import decimal

    amounts = pa.array([decimal.Decimal("12.3400")], pa.decimal128(12, 4))
    checked = check(pa.table({"customer_id": [1], "timestamp": [DAY], "amount": amounts}))
    assert fetch(checked.clean)["amount"].to_pylist() == [12.34]


# -- what else a line may have -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "read", "reason"),
    [
        (" 2.5 ", 2.5, None),
        ("-2.5", -2.5, None),
        ("", None, None),  # an empty one is 0, and no reason to refuse a line
        (" ", None, None),
        (None, None, None),
        ("1,50", None, "unusable_number"),
        ("many", None, "unusable_number"),
        ("nan", None, "unusable_number"),
        ("-inf", None, "unusable_number"),
        ("1e11", None, "unusable_number"),
        ("-1e11", None, "unusable_number"),
        ("99999999999", 99_999_999_999.0, None),
    ],
)
def test_an_optional_number_is_one_or_empty(number: str | None, read: float | None, reason: str | None) -> None:
    checked = check(pa.table({"customer_id": [1], "timestamp": [DAY], "cost": pa.array([number], pa.string())}))
    assert reasons(checked) == [reason]
    assert fetch(checked.clean)["cost"].to_pylist() == ([read] if reason is None else [])


@pytest.mark.parametrize("name", NUMBERS)
def test_every_optional_number_is_read_so(name: str) -> None:
    assert verdicts(**{name: [" 2.5 ", "", "many"]}) == [None, None, "unusable_number"]


def test_the_first_reason_of_a_line_is_that_of_its_amount() -> None:
    assert verdicts(amount=["1", "x", "1"], cost=["1", "x", "x"]) == [None, "unparsable_amount", "unusable_number"]


def test_an_optional_number_may_be_a_product() -> None:
    table = pa.table({"customer_id": [1] * 3, "timestamp": [DAY] * 3, "n": ["2", "", "x"], "price": [1.25, 3.0, 1.0]})
    checked = check(table, {"cost": "n*price"})
    assert reasons(checked) == [None, None, "unusable_number"]
    assert fetch(checked.clean)["cost"].to_pylist() == [2.5, None]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["tea", " ", None]), ["tea", None, None]),
        (pa.array([5, None, 40]), ["5", None, "40"]),
        (pa.array([1.5, float("nan"), None]), ["1.5", None, None]),
        (pa.array(["tea", "", "tea"]).dictionary_encode(), ["tea", None, "tea"]),
    ],
    ids=["text", "whole numbers", "floats", "a dictionary"],
)
def test_a_label_is_text_and_a_blank_one_is_none(column: pa.Array, expected: list[str | None]) -> None:
    checked = check(pa.table({"customer_id": [1] * 3, "timestamp": [DAY] * 3, "category": column}))
    assert fetch(checked.clean)["category"].to_pylist() == expected
    assert reasons(checked) == [None] * 3


def test_what_a_log_has_not_is_in_no_column() -> None:
    columns = {name: ["1"] for name in ("cost", "points", "store")}
    checked = check(pa.table({"customer_id": [1], "timestamp": [DAY], "weight": [1], **columns}))
    expected = ["customer_id", "timestamp", "amount", "order_id", "cost", "points", "store"]
    assert fetch(checked.clean).column_names == fetch(checked.lines).column_names == expected


# -- repetitions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("duplicates", "expected"),
    [("keep", {None: 5, "no_member": 2}), ("drop", {None: 3, "no_member": 2, "repeated": 2})],
)
def test_repetitions_are_kept_or_refused(duplicates: str, expected: dict[str | None, int]) -> None:
    table = pa.table(
        {
            "customer_id": ["a", "a", "a", "a", "b", None, None],
            "timestamp": ["2017-01-01"] * 7,
            "note": [None, None, None, "other", None, "x", "x"],
        }
    )
    assert Counter(reasons(check(table, duplicates=duplicates))) == expected


# -- refused as a whole -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "error", "said"),
    [
        ({"customer_id": [True]}, ColumnError, "customer_id is a number or text; got a column of type boolean"),
        (
            {"timestamp": [1_483_228_800]},
            ColumnError,
            "timestamp is a timestamp, a date or ISO 8601 text; got a column of type int64",
        ),
        ({"amount": [DAY]}, ColumnError, "amount is a number; got a column of type timestamp"),
        ({"TC_Time": ["x"]}, ColumnError, "are kept for verdicts; got 'TC_Time'"),
        ({"customer_id": pa.array([], pa.string()), "timestamp": pa.array([], pa.string())}, SourceError, "a log has rows"),
    ],
)
def test_a_log_that_is_refused_as_a_whole(columns: Mapping[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error) as raised:
        check(pa.table({"customer_id": [1], "timestamp": [DAY], **columns}))
    assert said in str(raised.value)


@pytest.mark.parametrize("content", ["customer_id,timestamp\n", "customer_id,timestamp"])
def test_a_header_and_nothing_below_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "log.csv").write_text(content)
    with pytest.raises(SourceError, match="a header and nothing below it"):
        check(tmp_path / "log.csv")


def test_an_unknown_way_with_duplicates_is_no_silent_keep() -> None:
    with pytest.raises(ConfigError, match="duplicates is one of 'keep', 'drop', 'overlap'; got 'dorp'"):
        check(pa.table({"customer_id": [1], "timestamp": [DAY]}), duplicates="dorp")


@pytest.mark.parametrize("name", ["day", "rows", "last", "reason", "Reason", "member", "orders", "units", "order"])
def test_columns_of_any_other_name_do_no_harm(name: str) -> None:
    checked = check(pa.table({"customer_id": ["a", None], "timestamp": [DAY, DAY], name: ["x", "y"]}), duplicates="drop")
    assert Counter(reasons(checked)) == {None: 1, "no_member": 1}
    refused = fetch(checked.quarantine).to_pylist()
    added = "tc_reason" if name.lower() == "reason" else "reason"
    assert refused == [{"customer_id": None, "timestamp": DAY, name: "y", added: "no_member"}]


def test_real_data(journey_path: str, journey_map: dict[str, str]) -> None:
    checked = check(journey_path, journey_map)
    assert fetch(checked.rows.agg(refused=checked.rows.tc_reason.count()))["refused"].to_pylist() == [0]
    assert checked.end is not None
    assert checked.end.date() == dt.date(2018, 1, 1)


# -- types that exports bring ------------------------------------------------------------------------------------------


def test_zoned_times_in_nanoseconds_are_read_as_utc() -> None:
    time = pa.array([dt.datetime(2017, 1, 1, 23, 30)], pa.timestamp("ns", "America/New_York"))
    (row,) = fetch(check(pa.table({"customer_id": [1], "timestamp": time})).clean).to_pylist()
    assert row["timestamp"] == dt.datetime(2017, 1, 1, 23, 30)


@pytest.mark.parametrize(("digits", "expected"), [(18, 7), (38, "7")])
def test_decimal_ids_are_whole_numbers(digits: int, expected: object) -> None:
    member = pa.array([Decimal(7)], pa.decimal128(digits, 0))
    (row,) = fetch(check(pa.table({"customer_id": member, "timestamp": [DAY]})).clean).to_pylist()
    assert row["customer_id"] == expected
