from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from features.cells import blank, first_reason, member_cell, number_cell, text_cell, time_cell, time_source, units_cell
from features.engine import fetch, open_table
from features.errors import ColumnError
from features.number_formats import DECIMAL_COMMA
from features.schema import ColumnMap


def cells(read: Any, values: Any, kind: Any = None) -> list[Any]:
    table = open_table(pa.table({"x": pa.array(values, kind)}))
    found: list[Any] = fetch(table.select(y=read(table.x)))["y"].to_pylist()
    return found


@pytest.mark.parametrize(
    ("read", "values", "found"),
    [
        (member_cell, ["007", " ", None], ["007", None, None]),
        (member_cell, [7, None], [7, None]),
        (text_cell, [" a", "", None], [" a", None, None]),
        (blank, ["a", " ", None], [False, True, True]),
        (blank, [1.0, float("nan"), None], [False, True, True]),
        (units_cell, [12.34, -0.00005, None], [123_400, 0, 0]),
        (time_cell, ["2017-01-31T09:30:00+02:00", "soon"], [dt.datetime(2017, 1, 31, 7, 30), None]),
        (time_cell, [dt.date(2017, 1, 31)], [dt.datetime(2017, 1, 31)]),
        (lambda x: number_cell(x, "score"), [" 4.5 ", "four"], [4.5, None]),
        (
            lambda x: number_cell(x, "score", DECIMAL_COMMA),
            ["1.234,50", " -12,5 ", "1234", "1.000", ",5", "12.50", "1234.50", "1,234.50", "1.23,4", ",", ""],
            [1234.5, -12.5, 1234.0, 1000.0, 0.5, None, None, None, None, None, None],
        ),
        (lambda x: first_reason({"b": x > 1, "a": x > 2}, ("a", "b", "c")), [1, 2, 3], [None, "b", "a"]),
    ],
)
def test_what_is_read(read: Any, values: list[Any], found: list[Any]) -> None:
    assert cells(read, values) == found


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        (["31.01.2017"], ["09:30"]),
        ([dt.date(2017, 1, 31)], [dt.time(9, 30)]),
        ([dt.datetime(2017, 1, 31)], [" 9:30 "]),
        (["2017-01-31 00:00:00.000"], ["9:30"]),
    ],
)
def test_a_day_and_a_time_of_day_are_one_time(day: list[Any], clock: list[Any]) -> None:
    table = open_table(pa.table({"d": day * 2, "t": [*clock, None]}))
    read = time_cell(time_source(table, ColumnMap({"timestamp": ("d", "t")})), dates="dmy")
    found = fetch(table.select(y=read))["y"].to_pylist()
    assert found == [dt.datetime(2017, 1, 31, 9, 30), dt.datetime(2017, 1, 31)]


@pytest.mark.parametrize(
    ("read", "kind", "match"),
    [
        (member_cell, pa.bool_(), "customer_id is a number or text"),
        (lambda x: time_cell(x, "joined"), pa.int64(), "joined is a timestamp, a date or ISO 8601 text"),
        (lambda x: number_cell(x, "score"), pa.date32(), "score is a number"),
    ],
)
def test_a_column_of_another_type_is_refused(read: Any, kind: Any, match: str) -> None:
    with pytest.raises(ColumnError, match=match):
        cells(read, [None], kind)
