"""What makes a whole log unusable: several currencies, times of which only some have a zone."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.engine import fetch, open_table
from features.errors import ColumnError
from features.suspicions import has_zone
from features.verdicts import Checked, check


def priced(currency: Any, mapping: dict[str, str] | None = None) -> Checked:
    size = len(currency)
    log = pa.table(
        {"customer_id": [1] * size, "timestamp": ["2017-01-01"] * size, "amount": [1.0] * size, "currency": currency}
    )
    return check(log, mapping)


def timed(*times: str | None, time_zone: str | None = None) -> Checked:
    log = pa.table({"customer_id": [1] * len(times), "timestamp": pa.array(times, pa.string())})
    return check(log, time_zone=time_zone)


# -- currencies -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "currency",
    [
        ["EUR", "EUR", "EUR"],
        ["EUR", "eur", "Eur"],
        ["EUR", " EUR", "EUR\t"],
        ["EUR", None, ""],
        [" ", "", None],
        pa.array([None, None], pa.string()),
        pa.array(["EUR", "eur"]).dictionary_encode(),
        [978, 978],
    ],
    ids=str,
)
def test_one_currency_is_in_order(currency: Any) -> None:
    assert fetch(priced(currency).clean).num_rows == len(currency)


@pytest.mark.parametrize(
    ("currency", "got"),
    [
        (["EUR", "USD"], "EUR in 1 row, USD in 1 row"),
        (["usd", " USD", "eur", None, ""], "EUR in 1 row, USD in 2 rows"),
        (["EUR"] * 1_200 + ["CNY"], "CNY in 1 row, EUR in 1,200 rows"),
        (["E", "D", "C", "B", "A"], "A in 1 row, B in 1 row, C in 1 row, D in 1 row"),
        (["renminbi yuan", "EUR"], "EUR in 1 row, RENMINBI in 1 row"),
        ([978, 840], "840 in 1 row, 978 in 1 row"),
    ],
)
def test_several_currencies_are_refused_in_one_sentence(currency: list[Any], got: str) -> None:
    with pytest.raises(ColumnError) as raised:
        priced(currency)
    assert (
        str(raised.value)
        == f"a log has amounts in one currency; got {got}. To mend it: convert them, or keep a log for each."
    )


def test_a_currency_under_another_name_is_found_by_its_mapping() -> None:
    log = pa.table({"customer_id": [1, 1], "timestamp": ["2017-01-01"] * 2, "money": ["EUR", "USD"]})
    assert fetch(check(log).clean).num_rows == 2
    with pytest.raises(ColumnError, match="a log has amounts in one currency"):
        check(log, {"currency": "money"})


def test_a_currency_mapped_to_none_is_not_looked_at() -> None:
    assert fetch(priced(["EUR", "USD"], {"currency": "none"}).clean).num_rows == 2


def test_a_log_without_a_currency_is_in_order() -> None:
    log = pa.table({"customer_id": [1], "timestamp": ["2017-01-01"], "amount": [1.0]})
    assert fetch(check(log).clean).num_rows == 1


def test_the_currency_is_no_column_of_usable_rows() -> None:
    assert "currency" not in fetch(priced(["EUR"]).clean).column_names
    assert "currency" in fetch(priced(["EUR"]).quarantine).column_names


# -- zones ------------------------------------------------------------------------------------------------------------


ZONED: list[tuple[str, bool]] = [
    ("2017-01-31", False),
    ("2017-01-31T09:30:00", False),
    ("2017-01-31 9:30", False),
    ("2017-01-31T09:30:00.123456", False),
    ("2017-01-31T09:30:00Z", True),
    ("2017-01-31T09:30Z", True),
    ("2017-01-31 9:30Z", True),
    ("2017-01-31 09:30:00 UTC", True),
    ("2017-01-31 09:30 UTC ", True),
    ("2017-01-31T09:30:00.123456+02:00", True),
    ("2017-01-31T09:30:00+0200", True),
    ("2017-01-31T09:30:00-08", True),
    ("\t2017-01-31T09:30-08\n", True),
    ("12:30 31-01-2017", False),  # no time that is read, and no zone
    ("soon", False),
    ("", False),
]


def test_a_zone_is_seen() -> None:
    table = open_table(pa.table({"at": [text for text, _ in ZONED]}))
    found = fetch(table.select("at", zoned=has_zone(table["at"]))).to_pylist()
    assert [(row["at"], row["zoned"]) for row in found] == ZONED


@pytest.mark.parametrize(
    "times",
    [
        ["2017-01-01T09:30:00Z", "2017-01-01T09:30:00+02:00", "2017-01-01 09:30 UTC"],
        ["2017-01-01T09:30:00", "2017-01-01 9:30"],
        ["2017-01-01T09:30:00Z", "2017-01-01", "soon", "", None],  # no time of day: nothing to tell
        ["2017-01-01T09:30:00", "2017-01-01", "soon", "", None],
        ["soon", None],
    ],
    ids=str,
)
def test_times_that_agree_are_in_order(times: list[str | None]) -> None:
    assert len(fetch(timed(*times).rows)) == len(times)


@pytest.mark.parametrize(
    ("times", "got"),
    [
        (["2017-01-01T09:30:00Z", "2017-01-01T09:30:00"], "1 with a zone and 1 without"),
        (["2017-01-01 09:30 UTC", "2017-01-01 9:30", "2017-01-02 9:30"], "1 with a zone and 2 without"),
        (["2017-01-01T09:30:00+02:00"] * 1_000 + ["2017-01-01T09:30:00"], "1,000 with a zone and 1 without"),
    ],
)
def test_times_that_do_not_are_refused_in_one_sentence(times: list[str], got: str) -> None:
    with pytest.raises(ColumnError) as raised:
        timed(*times)
    assert str(raised.value) == (
        f"the times of a log all have a zone, or none has; got {got}. "
        "To mend it: say in which zone those without are, as in time_zone: Europe/Berlin."
    )


def test_with_the_programmes_zone_said_they_are_in_order() -> None:
    found = fetch(timed("2017-01-01T09:30:00Z", "2017-01-01T09:30:00", time_zone="Europe/Berlin").clean)
    assert sorted(time.hour for time in found["timestamp"].to_pylist()) == [9, 10]


def test_typed_times_are_not_looked_at() -> None:
    log = pa.table({"customer_id": [1], "timestamp": pa.array([0], pa.timestamp("us", "UTC"))})
    assert len(fetch(check(log).rows)) == 1


clocks = st.builds("{}:{:02d}{}".format, st.integers(0, 23), st.integers(0, 59), st.sampled_from(["", ":07", ":07.25"]))
zones = st.sampled_from(["Z", " UTC", "+00", "-08:00", "+0545"])


@settings(max_examples=10)
@given(st.lists(st.tuples(clocks, st.one_of(st.just(""), zones)), min_size=1, max_size=12))
def test_every_time_that_can_be_read_is_counted_on_one_side(times: list[tuple[str, str]]) -> None:
    texts = [f"2017-01-31 {clock}{zone}" for clock, zone in times]
    zoned = sum(zone != "" for _, zone in times)
    if zoned in (0, len(times)):
        assert fetch(timed(*texts).clean).num_rows == len(texts)
    else:
        with pytest.raises(ColumnError, match=f"got {zoned} with a zone and {len(times) - zoned} without"):
            timed(*texts)
