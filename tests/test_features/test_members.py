from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest
import strategies

from features.daily import Line
from features.engine import fetch
from features.errors import ColumnError, SourceError, TiercastError, UnusableLogError
from features.histories import Histories
from features.members import MEMBER_REASONS, attach_members, check_members
from features.snapshot import to_date, to_day


def frame(*rows: tuple[Any, Any, Any]) -> pd.DataFrame:
    columns = ["customer_id", "joined", "consent", "name", "email"]
    return pd.DataFrame([(*row, "Jane Doe", "jane@example.org") for row in rows], columns=columns)


@pytest.fixture
def histories() -> Histories:
    """Members a and b, who bought on 2016-01-05."""
    return strategies.histories({name: [Line(dt.datetime(2016, 1, 5), 5.0)] for name in "ab"})


@pytest.mark.parametrize(
    ("spelling", "consent"),
    [
        *((word, 1) for word in ("true", "TRUE", " True ", "1", "yes", "Y", "ja", "Ja", "是")),
        *((word, 0) for word in ("false", "0", "NO", "n", "nein", "否")),
        *((word, None) for word in ("", " ")),
    ],
)
def test_consent_is_read_in_many_spellings(spelling: str, consent: int | None) -> None:
    table = check_members(frame(("a", "2016-01-01", spelling))).folded
    assert table["consent"].to_pylist() == [consent]


@pytest.mark.parametrize("column", [pa.array([True, False, None]), pa.array([1, 0, None]), pa.array([1.0, 0.0, None])])
def test_consent_may_be_truths_or_numbers(column: pa.Array) -> None:
    found = check_members(pa.table({"customer_id": ["a", "b", "c"], "consent": column})).folded
    assert found["consent"].to_pylist() == [1, 0, None]


@pytest.mark.parametrize("spelling", ["maybe", "2", "-1", "yes please"])
def test_anything_else_is_refused_and_counted(spelling: str, histories: Histories) -> None:
    checked = check_members(frame(("a", "2016-01-01", spelling), ("b", "2016-01-01", "yes")))
    assert checked.refused == {"unreadable_consent": 1}
    assert checked.notes(histories)[0] == (
        "refused 1 row of the member table: consent is none of true/false, 1/0, yes/no, ja/nein, 是/否"
    )
    assert spelling not in " ".join(checked.notes(histories)).replace("是/否", "")


def test_each_row_gets_the_first_reason_that_holds(tmp_path: Path) -> None:
    rows = [
        ("a", "2016-01-01", "yes"),
        ("a", "2016-01-01", ""),  # says no other thing
        ("a", "", ""),
        ("", "2016-01-01", "yes"),
        ("b", "soon", "yes"),
        ("b", "1900-01-01", "yes"),
        ("b", "2016-01-01", "?"),
        ("c", "2016-01-01", "yes"),
        ("c", "2016-01-02", "yes"),
        ("d", "2016-01-01", "yes"),
        ("d", "2016-01-01", "no"),
    ]
    frame(*rows).to_csv(tmp_path / "members.csv", index=False)
    checked = check_members(tmp_path / "members.csv")
    assert checked.refused == {
        "no_member": 1,
        "unparsable_joined": 1,
        "zero_joined": 1,
        "unreadable_consent": 1,
        "contradiction": 4,
    }
    assert list(checked.refused) == list(MEMBER_REASONS)
    assert checked.folded.to_pylist() == [{"member": "a", "joined": dt.date(2016, 1, 1), "consent": 1}]
    assert fetch(checked.quarantine).column_names == ["customer_id", "joined", "consent", "reason"]


def test_members_join_and_prospects_stand_beside(histories: Histories) -> None:
    table = frame(("b", "2015-12-24", "no"), ("p", "2016-01-02", "yes"), ("q", None, None), ("a", None, "yes"))
    known, enrolled = attach_members(histories, check_members(table))
    assert known.joined is not None
    assert known.joined.tolist() == [-1, to_day(dt.date(2015, 12, 24))]
    assert enrolled.consent.tolist() == [1, 0]
    prospects = enrolled.prospects
    assert prospects.ids.tolist() == ["p", "q"]
    assert (str(to_date(prospects.joined[0])), prospects.joined[1]) == ("2016-01-02", -1)
    assert prospects.consent.tolist() == [1, -1]
    assert prospects.known(to_day(dt.date(2016, 1, 2))).tolist() == [False, True]
    assert len(prospects) == 2


def test_ids_may_be_numbers_here_and_text_there(tmp_path: Path) -> None:
    log = strategies.histories({"7": [Line(dt.datetime(2016, 1, 5), 5.0)]})
    known, enrolled = attach_members(log, check_members(frame((7, "2016-01-01", "yes"), (8, "2016-01-01", "yes"))))
    assert known.joined is not None
    assert known.joined[0] > 0
    assert enrolled.prospects.ids.tolist() == [8]


def test_what_is_worth_telling(histories: Histories) -> None:
    checked = check_members(
        frame(("a", "2016-01-01", "yes"), ("p", "2016-01-01", "yes")).rename(columns={"consent": "opt_in"})
    )
    assert checked.notes(histories) == [
        "taken as consent of a member: opt_in",
        "2 members in the member table, 1 of them without transactions: prospects",
        "not in it: 1 member, whose first purchase stands for the day of joining",
    ]


@pytest.mark.parametrize(
    ("table", "mapping", "error", "match"),
    [
        (
            frame(("a", "soon", "yes")),
            None,
            UnusableLogError,
            "a member table has usable rows; got 1 row: joined cannot be",
        ),
        (
            frame(("a", "2016-01-01", None), ("a", "2016-01-02", None)),
            None,
            UnusableLogError,
            "got 2 rows: the member stands there more than once, with different dates or consents",
        ),
        (frame().astype(str), None, SourceError, "a member table has rows"),
        (
            frame().drop(columns="customer_id"),
            None,
            ColumnError,
            "a member table has a column 'customer_id'; got the columns 4",
        ),
        (frame(), {"joined": "since"}, ColumnError, "'since', which is not among 5 others"),
        (frame(), {"email": "email"}, ColumnError, "a mapping names a contract column"),
        (
            pd.DataFrame({"customer_id": ["a"], "consent": [dt.date(2016, 1, 1)]}),
            None,
            ColumnError,
            "consent is true or false; got a column of type date",
        ),
    ],
)
def test_a_bad_table_ends_in_one_sentence(
    table: pd.DataFrame, mapping: dict[str, str] | None, error: type[TiercastError], match: str
) -> None:
    with pytest.raises(error, match=match) as caught:
        _ = check_members(table, mapping).folded
    assert "\n" not in str(caught.value)
    assert "jane" not in str(caught.value).lower()
    assert "name" not in str(caught.value).replace("a mapping names", "")


def test_names_and_addresses_are_not_selected() -> None:
    checked = check_members(frame(("a", "2016-01-01", "yes")).rename(columns={"joined": "since"}), {"joined": "since"})
    for expression in (checked.rows, checked.quarantine):
        sql = ibis.to_sql(expression)
        assert '"since" AS "joined"' in sql
        assert "email" not in sql
        assert '"name"' not in sql
