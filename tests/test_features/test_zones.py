"""The programme's clocks: as Python's zoneinfo shows them, on the engine to the microsecond, and in verdicts."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.engine import connect, fetch
from features.errors import ConfigError
from features.events import check_events
from features.reading import from_log
from features.snapshot import to_date
from features.verdicts import check
from features.zones import UTC, offsets, wall_clock, zone_of

NAMES = [
    *("UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Recife", "America/Caracas"),
    *("Asia/Shanghai", "Asia/Kathmandu", "Asia/Gaza", "Asia/Tehran", "Australia/Lord_Howe", "Africa/Casablanca"),
    *("Pacific/Apia", "Pacific/Kiritimati", "Antarctica/Troll"),
]
EARLIEST, LATEST = dt.datetime(1980, 1, 1), dt.datetime(2100, 1, 1)
ENGINE = connect()

zones = st.sampled_from(NAMES).map(zone_of)
instants = st.datetimes(EARLIEST, LATEST)


def shown_by_python(instant: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return instant.replace(tzinfo=dt.UTC).astimezone(zone).replace(tzinfo=None)


def on_the_engine(times: list[dt.datetime], zone: ZoneInfo) -> list[dt.datetime]:
    ENGINE.con.register("instants", pa.table({"i": list(range(len(times))), "at": pa.array(times, pa.timestamp("us"))}))
    table = ENGINE.table("instants")
    shown = wall_clock(table["at"], zone, min(times), max(times))
    return fetch(table.select("i", shown=shown).order_by("i"))["shown"].to_pylist()


def around(instant: dt.datetime) -> list[dt.datetime]:
    """Just before, at and after."""
    tick = dt.timedelta(microseconds=1)
    return [instant - dt.timedelta(seconds=1), instant - tick, instant, instant + tick, instant + dt.timedelta(seconds=1)]


# -- offsets ----------------------------------------------------------------------------------------------------------


@settings(max_examples=80)
@given(zone=zones, bounds=st.tuples(instants, instants, instants).map(sorted))
def test_an_instant_is_shown_as_python_shows_it(zone: ZoneInfo, bounds: list[dt.datetime]) -> None:
    first, instant, last = bounds
    found = offsets(zone, first, last)
    for at in (first, instant, last):
        holding = [offset for since, offset in found if since <= at][-1]
        assert at + holding == shown_by_python(at, zone)


@settings(max_examples=100)
@given(zone=zones, first=st.datetimes(EARLIEST, dt.datetime(2090, 1, 1)), days=st.integers(1, 3_000))
def test_each_offset_begins_where_pythons_does_and_differs_from_the_last(
    zone: ZoneInfo, first: dt.datetime, days: int
) -> None:
    found = offsets(zone, first, first + dt.timedelta(days=days))
    assert found[0][0] == first
    assert [since for since, _ in found] == sorted({since for since, _ in found})
    assert all(before != after for (_, before), (_, after) in pairwise(found))
    for since, offset in found[1:]:
        assert since.microsecond == 0
        assert shown_by_python(since, zone) - since == offset
        tick = since - dt.timedelta(microseconds=1)
        assert shown_by_python(tick, zone) - tick != offset


@pytest.mark.parametrize(
    ("name", "first", "last", "changes"),
    [
        ("UTC", "1980-01-01", "2100-01-01", []),
        ("Asia/Shanghai", "1992-01-01", "2100-01-01", []),
        ("Asia/Kathmandu", "1985-12-01", "1986-02-01", ["1985-12-31T18:30:00"]),  # by a quarter of an hour
        (
            "Australia/Lord_Howe",
            "2017-01-01",
            "2017-12-31",
            ["2017-04-01T15:00:00", "2017-09-30T15:30:00"],
        ),  # by half of one
        ("Pacific/Apia", "2011-12-01", "2012-01-15", ["2011-12-30T10:00:00"]),  # a day that never was
        ("America/Recife", "2000-10-01", "2000-11-01", ["2000-10-08T03:00:00", "2000-10-15T02:00:00"]),  # a week's summer
        ("Africa/Casablanca", "2017-05-01", "2017-08-01", ["2017-05-21T02:00:00", "2017-07-02T02:00:00"]),  # Ramadan
    ],
)
def test_changes_of_the_clocks(name: str, first: str, last: str, changes: list[str]) -> None:
    found = offsets(zone_of(name), dt.datetime.fromisoformat(first), dt.datetime.fromisoformat(last))
    assert [since.isoformat() for since, _ in found[1:]] == changes


@pytest.mark.parametrize("day", range(1, 9))
def test_a_summer_of_a_week_is_seen_from_any_day(day: int) -> None:
    assert len(offsets(zone_of("America/Recife"), dt.datetime(2000, 10, day, 1), dt.datetime(2000, 12, 1))) == 3


@pytest.mark.parametrize(
    "first", [dt.datetime(2017, 3, 20), dt.datetime(2017, 3, 26, 0, 59, 59), dt.datetime(2017, 3, 26, 0, 59, 58, 7)]
)
@pytest.mark.parametrize("past", [0, 1, 499_999, 500_000, 999_999, 1_000_000, 1_500_000])
def test_a_log_may_end_within_a_second_of_a_change(first: dt.datetime, past: int) -> None:
    last = dt.datetime(2017, 3, 26, 1) + dt.timedelta(microseconds=past)
    assert [since for since, _ in offsets(zone_of("Europe/Berlin"), first, last)] == [first, dt.datetime(2017, 3, 26, 1)]


# -- on the engine ----------------------------------------------------------------------------------------------------


@settings(max_examples=12)
@given(zone=zones, times=st.lists(instants, min_size=1, max_size=40))
def test_the_engine_shows_what_python_shows(zone: ZoneInfo, times: list[dt.datetime]) -> None:
    assert on_the_engine(times, zone) == [shown_by_python(at, zone) for at in times]


@pytest.mark.parametrize("name", NAMES)
def test_the_engine_changes_its_clocks_to_the_microsecond(name: str) -> None:
    zone = zone_of(name)
    changes = [since for since, _ in offsets(zone, dt.datetime(2000, 1, 1), dt.datetime(2020, 1, 1))]
    times = [at for change in changes for at in around(change)]
    assert on_the_engine(times, zone) == [shown_by_python(at, zone) for at in times]


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["Europe/Atlantis", "", " ", "../etc/passwd", "/etc/passwd", "Europe", "Europe/", "B\0", "x" * 5_000, "+01:00"]
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"a time zone has an IANA name; got .*To mend it: write it as Europe/Berlin"):
        zone_of(name)


def test_a_log_in_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ConfigError, match="a time zone has an IANA name; got 'Berlin'"):
        check(pa.table({"customer_id": [1], "timestamp": ["2017-01-01"]}), time_zone="Berlin")


# -- verdicts ---------------------------------------------------------------------------------------------------------


def read(column: Any, time_zone: str | None) -> list[dt.datetime | None]:
    """Times as they are read, in the order of the rows."""
    checked = check(pa.table({"customer_id": [1] * len(column), "timestamp": column}), time_zone=time_zone)
    return fetch(checked.judged.select("tc_time"))["tc_time"].to_pylist()


SHOWN = dt.datetime(2017, 7, 2, 1, 30)


TEXTS: list[tuple[str, dt.datetime | None]] = [
    ("2017-07-02T01:30:00", SHOWN),  # as it is
    ("2017-07-02 01:30", SHOWN),
    ("2017-07-01T23:30:00Z", SHOWN),
    ("2017-07-01T23:30Z", SHOWN),
    ("2017-07-01 23:30 UTC", SHOWN),
    ("2017-07-01 23:30:00 UTC", SHOWN),
    (" 2017-07-01T23:30:00+00:00\t", SHOWN),
    ("2017-07-01T19:30:00-04", SHOWN),
    ("2017-07-01T19:30:00.000000-0400", SHOWN),
    ("2017-07-02 5:15:00+05:45", SHOWN),
    ("2017-07-02 5:15+05:45", SHOWN),
    ("2017-07-02T01:30:00+02:00", SHOWN),
    ("2017-07-02", dt.datetime(2017, 7, 2)),
    ("2017-07-02T01:30:00+2", None),
    ("soon", None),
    (" ", None),
]


def test_text_is_read_in_the_programmes_zone() -> None:
    texts = [text for text, _ in TEXTS]
    assert dict(zip(texts, read(texts, "Europe/Berlin"), strict=True)) == dict(TEXTS)


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        (pa.array([dt.datetime(2017, 7, 1, 23, 30)], pa.timestamp("us", "UTC")), SHOWN),
        (pa.array([dt.datetime(2017, 7, 1, 23, 30)], pa.timestamp("ns", "UTC")), SHOWN),
        (pa.array([dt.datetime(2017, 7, 1, 23, 30)], pa.timestamp("ms", "Asia/Tokyo")), SHOWN),
        (pa.array([SHOWN], pa.timestamp("us")), SHOWN),
        (pa.array([SHOWN.date()], pa.date32()), dt.datetime(2017, 7, 2)),
    ],
    ids=str,
)
def test_typed_times_are_read_in_the_programmes_zone(column: pa.Array, shown: dt.datetime) -> None:
    assert read(column, "Europe/Berlin") == [shown]


def test_a_column_of_no_usable_time_is_read_all_the_same() -> None:
    assert read(["soon", "1970-01-01T00:00:00Z"], "Europe/Berlin") == [None, dt.datetime(1970, 1, 1)]
    assert read(pa.array([None], pa.timestamp("us", "UTC")), "Europe/Berlin") == [None]


@pytest.mark.parametrize(
    ("name", "instant", "shown"),
    [
        ("Europe/Berlin", "2017-03-26T00:59:59Z", "2017-03-26T01:59:59"),
        ("Europe/Berlin", "2017-03-26T01:00:00Z", "2017-03-26T03:00:00"),  # an hour that is not shown
        ("Europe/Berlin", "2017-10-29T00:30:00Z", "2017-10-29T02:30:00"),
        ("Europe/Berlin", "2017-10-29T01:30:00Z", "2017-10-29T02:30:00"),  # and one that is shown twice
        ("America/New_York", "2017-11-05T05:59:59.999999Z", "2017-11-05T01:59:59.999999"),
        ("America/New_York", "2017-11-05T06:00:00Z", "2017-11-05T01:00:00"),
        ("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T23:59:59"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31T00:00:00"),
    ],
)
def test_hours_in_which_clocks_change(name: str, instant: str, shown: str) -> None:
    assert read(["2011-01-01T00:00:00Z", instant, "2018-01-01T00:00:00Z"], name)[1] == dt.datetime.fromisoformat(shown)


@settings(max_examples=8)
@given(zone=zones, times=st.lists(st.datetimes(dt.datetime(1981, 1, 1), dt.datetime(2037, 1, 1)), min_size=1, max_size=30))
@example(zone=zone_of("Europe/Berlin"), times=[dt.datetime(2017, 3, 20), dt.datetime(2017, 3, 26, 1, 0, 0, 500_000)])
def test_text_and_typed_times_are_read_alike_and_as_python_does(zone: ZoneInfo, times: list[dt.datetime]) -> None:
    shown = [shown_by_python(at, zone) for at in times]
    assert read([f"{at.isoformat()}Z" for at in times], zone.key) == shown
    assert read(pa.array(times, pa.timestamp("us", UTC)), zone.key) == shown


@pytest.mark.parametrize(
    ("time_zone", "days"),
    [
        (None, ["2017-07-01", "2017-07-02"]),
        ("UTC", ["2017-07-01", "2017-07-02"]),
        ("Europe/Berlin", ["2017-07-02"]),
        ("America/New_York", ["2017-07-01"]),
        ("Pacific/Kiritimati", ["2017-07-02"]),
    ],
)
def test_days_shift_across_midnight(time_zone: str | None, days: list[str]) -> None:
    log = pa.table(
        {"customer_id": ["a", "a"], "timestamp": ["2017-07-01T23:30:00Z", "2017-07-02T00:30:00Z"], "amount": [1.0, 2.0]}
    )
    checked = check(log, time_zone=time_zone)
    histories = from_log(checked)
    assert [to_date(int(day)).isoformat() for day in histories.visits.day] == days
    assert histories.time_zone == checked.time_zone == (time_zone or UTC)
    assert fetch(checked.clean)["timestamp"].to_pylist()[0].date().isoformat() == days[0]


def test_events_are_read_in_the_programmes_zone_too() -> None:
    log = pa.table({"customer_id": [1], "timestamp": ["2017-07-01T23:30:00Z"], "kind": ["sent"]})
    folded = [check_events(log, time_zone=zone).folded["day"].to_pylist() for zone in (None, "Europe/Berlin")]
    assert folded == [[dt.date(2017, 7, 1)], [dt.date(2017, 7, 2)]]


def test_an_expression_of_one_offset_is_no_case_distinction() -> None:
    at = ibis.table({"at": "timestamp"}, name="t")["at"]
    first, last = dt.datetime(2017, 1, 1), dt.datetime(2017, 2, 1)
    assert wall_clock(at, zone_of("UTC"), first, last).equals(at)
    assert "CASE" not in ibis.to_sql(wall_clock(at, zone_of("Asia/Shanghai"), first, last), dialect="duckdb")
