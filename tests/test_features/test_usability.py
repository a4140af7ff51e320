from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa
import pytest

from features.usability import report
from features.verdicts import check

TABLE = pa.table(
    {
        "Member": ["a", "a", "a", "b", None, "c", "a"],
        "timestamp": [*["2017-01-01"] * 3, "2017-01-02", "2017-01-02", "soon", "2017-01-05T10:00:00"],
        "amount": ["10.10", "10.10", "-0.10", "0", "1", "2", " "],
    }
)
NO_AMOUNTS = TABLE.select(["Member", "timestamp"])


def test_counts() -> None:
    summary = report(check(TABLE))
    assert summary.to_dict() == {
        "rows": 7,
        "usable_rows": 4,
        "members": 2,
        "first": "2017-01-01T00:00:00",
        "last": "2017-01-02T00:00:00",
        "shopping_days": 2,
        "single_day_members": 2,
        "missing": {"customer_id": 1 / 7, "timestamp": 0.0, "amount": 1 / 7},
        "refused": {"no_member": 1, "unparsable_time": 1, "no_amount": 1},
        "return_rows": 1,
        "returned_amount": 0.1,
        "bought_amount": 20.2,
        "repeated_rows": 1,
        "overlap_rows": 0,
        "duplicates": "keep",
        "signs": [{"column": "amount", "negative": 1, "zero": 1}],
        "rules": [],
        "undone": {"rows": 0, "amount": 0.0, "largest": 0.0},
        "guessed": {"customer_id": "Member"},
        "hints": [],
    }
    json.dumps(summary.to_dict(), allow_nan=False)


def test_without_amounts_money_is_not_available_and_never_0() -> None:
    summary = report(check(NO_AMOUNTS))
    assert (summary.return_rows, summary.returned_amount, summary.bought_amount) == (None, None, None)
    assert (summary.usable_rows, summary.shopping_days, summary.single_day_members) == (5, 3, 1)
    assert "amounts        not available" in summary.to_text()


def test_repetitions_dropped_are_refused_once() -> None:
    summary = report(check(TABLE, duplicates="drop"))
    assert summary.refused["repeated"] == summary.repeated_rows == 1
    assert summary.bought_amount == 10.1


def test_a_log_without_a_usable_row_is_reported_all_the_same() -> None:
    summary = report(check(pa.table({"customer_id": ["", "a"], "timestamp": ["2017-01-01", ""], "amount": [1.0, 1.0]})))
    assert (summary.rows, summary.usable_rows, summary.members, summary.first, summary.last) == (2, 0, 0, None, None)
    assert (summary.bought_amount, summary.shopping_days) == (0.0, 0)
    assert "span           none" in summary.to_text()


@pytest.mark.parametrize(
    "line",
    [
        "rows           7",
        "usable         4 (57.14%)",
        "members        2, 2 of them on one day only",
        "span           2017-01-01 00:00:00 to 2017-01-02 00:00:00",
        "taken as       customer_id = Member (say --map customer_id=... for another)",
        "missing        amount in 14.29% of the rows",
        "bought         20.20",
        "returned       0.10 in 1 row",
        "repeated rows  1, kept (--duplicates drop refuses them)",
        "refused        1 (14.29%): no member: customer_id is missing or blank",
    ],
)
def test_lines_for_a_terminal(line: str) -> None:
    assert line in report(check(TABLE)).to_text().splitlines()


def test_a_member_of_returns_alone_has_no_shopping_day() -> None:
    summary = report(check(pa.table({"customer_id": [1, 2], "timestamp": ["2017-01-01"] * 2, "amount": [-5.0, 5.0]})))
    assert (summary.members, summary.shopping_days, summary.single_day_members) == (2, 1, 1)


def test_nothing_refused_is_said() -> None:
    assert (
        report(check(pa.table({"customer_id": [1], "timestamp": ["2017-01-01"]}))).to_text().endswith("refused        none")
    )


def test_a_share_that_rounds_to_nothing_is_not_said_to_be_nothing() -> None:
    members = ["a"] * 20_000
    summary = report(check(pa.table({"customer_id": [*members, ""], "timestamp": ["2017-01-01"] * 20_001})))
    lines = summary.to_text().splitlines()
    assert "usable         20,000 (more than 99.99%)" in lines
    assert "missing        customer_id in less than 0.01% of the rows" in lines
    assert "missing        nothing in timestamp" in lines
    assert "refused        1 (less than 0.01%): no member: customer_id is missing or blank" in lines
    assert "0.00%" not in summary.to_text()


def test_nothing_returned_is_said_without_a_number() -> None:
    summary = report(check(pa.table({"customer_id": [1], "timestamp": ["2017-01-01"], "amount": [1.0]})))
    assert "returned       nothing" in summary.to_text().splitlines()


def test_real_data(journey_path: str, journey_map: dict[str, str]) -> None:
    summary = report(check(journey_path, journey_map))
    assert (summary.rows, summary.usable_rows, summary.members) == (1_469_307, 1_469_307, 2_469)
    assert (summary.first, summary.last) == (dt.datetime(2017, 1, 1, 11, 53, 26), dt.datetime(2018, 1, 1, 4, 1, 20))
    assert summary.bought_amount == 4_596_039.58


def test_a_sum_beyond_int64_is_told() -> None:
    log = pa.table({"customer_id": list(range(10_000)), "timestamp": ["2017-01-01"] * 10_000, "amount": [9.9e10] * 10_000})
    assert report(check(log)).bought_amount == 9.9e14
