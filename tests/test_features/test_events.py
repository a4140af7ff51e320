from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from features.cells import TIME_REASONS
from features.daily import Line
from features.engine import fetch
from features.errors import ColumnError, SourceError, TiercastError, UnusableLogError
from features.events import EVENT_REASONS, KINDS, attach_events, check_events
from features.histories import Histories, Ragged
from features.snapshot import to_date

DIRTY = [  # customer_id, timestamp, kind, score, reason
    ("m0", "2016-01-01T09:00:00", "Sent", "", None),
    ("m0", "2016-01-02", " survey ", "4.5", None),
    ("m0", "2016-01-02", "web visit", "", None),
    ("", "2016-01-02", "sent", "", "no_member"),
    ("m0", "", "sent", "", "no_time"),
    ("m0", "soon", "sent", "", "unparsable_time"),
    ("m0", "1900-01-01", "sent", "", "zero_date"),
    ("m0", "2016-01-02", " ", "", "no_kind"),
    ("m0", "2016-01-02", "survey", "good", "unusable_score"),
    ("m0", "2016-01-02", "survey", "inf", "unusable_score"),
    ("m0", "2016-01-02", "sent", "1e11", "unusable_score"),
    ("m0", "2016-01-02", "survey", "", "no_score"),
]
COLUMNS = ["customer_id", "timestamp", "kind", "score"]


def frame(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame([(*row, "Jane Doe", "jane@example.org") for row in rows], columns=[*COLUMNS, "name", "email"])


def known(**members: str) -> Histories:
    """Members with a purchase on a date each."""
    return strategies.histories({name: [Line(dt.datetime.fromisoformat(day), 5.0)] for name, day in members.items()})


def told(rows: Ragged) -> list[tuple[int, str, int, int]]:
    member = np.repeat(np.arange(len(rows.offsets) - 1), np.diff(rows.offsets))
    values = (rows.values["count"].tolist(), rows.values["score"].tolist())
    return list(zip(member.tolist(), [str(to_date(day)) for day in rows.day], *values, strict=True))


def test_each_row_gets_the_first_reason_that_holds(tmp_path: Path) -> None:
    frame(*(row[:4] for row in DIRTY)).to_csv(tmp_path / "events.csv", index=False)
    checked = check_events(tmp_path / "events.csv")
    wanted = [reason for *_, reason in DIRTY if reason]
    assert sorted(fetch(checked.rows.select("tc_reason"))["tc_reason"].drop_null().to_pylist()) == sorted(wanted)
    assert checked.refused == {code: wanted.count(code) for code in EVENT_REASONS}
    quarantine = fetch(checked.quarantine)
    assert quarantine.column_names == [*COLUMNS, "reason"]
    assert quarantine.num_rows == len(wanted)


def test_events_are_folded_by_member_day_and_kind() -> None:
    histories = known(b="2016-01-01", a="2016-01-05")
    log = frame(
        ("b", "2016-02-01", "survey", 4.0),
        ("b", "2016-02-01T23:59:59", "Survey", 5.0),
        ("b", "2016-01-01", "survey", -0.5),
        ("a", "2017-05-01", "sent", None),
        ("a", "2016-05-01", "call", 2.0),
    )
    found = attach_events(histories, check_events(log))
    assert set(found.events) == {*KINDS, "call"}
    assert told(found.events["survey"]) == [(1, "2016-01-01", 1, -5_000), (1, "2016-02-01", 2, 90_000)]
    assert told(found.events["sent"]) == [(0, "2017-05-01", 1, 0)]
    assert told(found.events["call"]) == [(0, "2016-05-01", 1, 20_000)]
    assert told(found.events["complaint"]) == []
    assert found.span == histories.span, "the log's end is that of the transactions"
    assert told(found.before(dt.date(2016, 2, 1)).events["survey"]) == [(1, "2016-01-01", 1, -5_000)]


def test_what_is_worth_telling() -> None:
    log = frame(
        ("a", "2016-01-01", "sent", None),
        ("stranger", "2016-01-01", "sent", None),
        ("stranger", "2016-01-02", "sent", None),
        ("other", "2016-01-02", "visit", None),
        ("a", "soon", "sent", None),
    )
    checked = check_events(log.rename(columns={"kind": "Event Type"}))
    notes = checked.notes(known(a="2016-01-01"))
    assert notes == [
        f"refused 1 event: {TIME_REASONS['unparsable_time']}",
        "taken as kind of an event: Event Type",
        "1 kind of event beside sent, opened, redeemed, referral, survey, complaint, invitation: kept, used by no rule",
        "2 of 3 members in the event log without transactions: their events are left out",
    ]
    assert told(attach_events(known(a="2016-01-01"), checked).events["sent"]) == [(0, "2016-01-01", 1, 0)]


def test_a_log_of_strangers_is_told_and_no_error() -> None:
    checked = check_events(frame(("x", "2016-01-01", "sent", None)))
    assert checked.notes(known(a="2016-01-01"))[-1].startswith("1 of 1 member in the event log without transactions")
    assert all(not len(rows.day) for rows in attach_events(known(a="2016-01-01"), checked).events.values())


@pytest.mark.parametrize(
    ("log", "mapping", "error", "match"),
    [
        (
            frame(("a", "soon", "sent", "")),
            None,
            UnusableLogError,
            "an event log has usable rows; got 1 row: time cannot",
        ),
        (frame().astype(str), None, SourceError, "an event log has rows"),
        (frame().drop(columns="kind"), None, ColumnError, "an event log has a column 'kind'; got the columns 5 others"),
        (frame(), {"kind": "knd"}, ColumnError, "'knd', which is not among 6 others"),
        (frame(), {"amount": "x"}, ColumnError, "a mapping names a contract column"),
        (
            frame(*(("a", "2016-01-01", f"kind {i}", None) for i in range(101))),
            None,
            ColumnError,
            "an event log has at most 100 kinds; got 101",
        ),
    ],
)
def test_a_bad_log_ends_in_one_sentence(
    log: pd.DataFrame, mapping: dict[str, str] | None, error: type[TiercastError], match: str
) -> None:
    with pytest.raises(error, match=match) as caught:
        _ = check_events(log, mapping).folded
    assert "\n" not in str(caught.value)
    assert "email" not in str(caught.value)


def test_only_mapped_columns_are_selected() -> None:
    checked = check_events(frame(("a", "2016-01-01", "sent", None)).rename(columns={"kind": "what"}), {"kind": "what"})
    sql = ibis.to_sql(checked.rows)
    assert '"what" AS "kind"' in sql
    assert "email" not in sql
    assert '"name"' not in sql


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(["m0", "m1", "x"]), strategies.timestamps, st.sampled_from(KINDS)), min_size=1))
def test_the_order_of_events_is_irrelevant_and_none_of_a_member_is_lost(events: list[tuple[str, dt.datetime, str]]) -> None:
    histories = known(m0="2016-01-01", m1="2016-01-02")
    rows = [(member, time, kind, 1.0) for member, time, kind in events]
    found = attach_events(histories, check_events(frame(*rows)))
    again = attach_events(histories, check_events(frame(*reversed(rows))))
    assert {kind: told(own) for kind, own in found.events.items()} == {k: told(own) for k, own in again.events.items()}
    counted = sum(int(own.values["count"].sum()) for own in found.events.values())
    assert counted == sum(member != "x" for member, _, _ in events)


def test_times_of_which_only_some_have_a_zone_are_refused() -> None:
    times = ["2016-01-01T23:30:00+05:00", "2016-01-01T23:30:00"]
    log = pd.DataFrame({"customer_id": ["a", "a"], "timestamp": times, "kind": ["sent", "sent"]})
    with pytest.raises(ColumnError, match="1 with a zone and 1 without"):
        check_events(log)
    assert check_events(log, time_zone="Europe/Berlin").refused == {}
