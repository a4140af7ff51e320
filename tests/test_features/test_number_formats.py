"""Numbers in a format of the log's own; the engines are compared in tests/test_engines/test_same_verdicts.py."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.cells import number_cell
from features.dialects import numbers_of
from features.engine import fetch, open_table
from features.errors import ConfigError
from features.number_formats import number_format
from features.verdicts import check


def read(texts: list[str], written: str) -> list[float | None]:
    table = open_table(pa.table({"x": texts}))
    found: list[float | None] = fetch(table.select(y=number_cell(table.x, "amount", number_format(written))))[
        "y"
    ].to_pylist()
    return found


def _written(number: int, example: str, below: str) -> str:
    """A number of cents as a person would write it after the example of 1,234.50."""
    form = number_format(example)
    digits = f"{abs(number) / 100:,.2f}".translate(str.maketrans({",": form.thousands, ".": form.point}))
    signed = example.replace(example[example.index("1") : example.rindex("0") + 1], digits)
    return below.format(signed) if number < 0 else signed


EXAMPLES = ("1,234.50", "$1,234.50", "R$ 1.234,50", "1 234,50 €", "1'234.50 CHF", "1234.50", "¥1,234.50")


@settings(max_examples=15)
@given(
    st.lists(st.integers(-(10**10), 10**10), min_size=1, max_size=20),
    st.sampled_from(EXAMPLES),
    st.sampled_from(["-{}", "({})", "{}-"]),
)
def test_what_is_written_in_a_format_is_read_in_it(cents: list[int], example: str, below: str) -> None:
    assert read([_written(number, example, below) for number in cents], example) == [number / 100 for number in cents]


def test_amounts_of_another_currency_and_of_another_format_are_refused() -> None:
    texts = ["$5.00", "€5.00", "5,50", "1,234", "USD 5", ""]
    log = pa.table({"customer_id": [1] * 6, "timestamp": ["2017-01-01"] * 6, "amount": texts})
    checked = check(log, number_format="$1,234.50")
    rows = fetch(checked.rows.select("tc_amount", "tc_reason")).to_pylist()
    assert [row["tc_amount"] for row in rows] == [5.0, None, None, 1234.0, None, None]
    assert [row["tc_reason"] for row in rows] == [
        *(None, "unparsable_amount", "unparsable_amount", None),
        *("unparsable_amount", "no_amount"),
    ]


@pytest.mark.parametrize(
    "written", ["1,234,50", "$1,234.50 €", "1234", "123,4.50", "five", "", "1,234.50 Schweizer Franken"]
)
def test_what_shows_no_number_is_refused(written: str) -> None:
    with pytest.raises(ConfigError, match=r"how 1234\.5 is written|a currency's sign"):
        number_format(written)


def test_a_comma_and_a_format_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="decimal_comma and number_format"):
        numbers_of(True, "1.234,50")
    assert numbers_of(False, None) is None
