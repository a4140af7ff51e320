from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from features.daily import Line, fold
from features.errors import UnusableLogError
from features.histories import Histories, Ragged, from_rows
from features.reading import from_log
from features.snapshot import to_date
from features.verdicts import check

DATES = st.dates(strategies.FIRST.date(), strategies.LAST.date() + dt.timedelta(days=2))


def plain(histories: Histories) -> dict[str, object]:
    """Everything in it, with types, as values that compare."""

    def rows(ragged: Ragged) -> list[object]:
        arrays = {"offsets": ragged.offsets, "day": ragged.day, **ragged.values}
        return [(name, array.dtype.str, array.tolist()) for name, array in arrays.items()]

    return {
        "members": histories.members.tolist(),
        "visits": rows(histories.visits),
        "returns": rows(histories.returns),
        "bounds": (histories.has_amounts, histories.first_day, histories.end_day),
    }


@settings(max_examples=25)
@given(strategies.logs())
def test_a_log_and_its_folded_rows_give_the_same(log: dict[str, list[Line]]) -> None:
    assert plain(from_log(check(strategies.table(log)))) == plain(strategies.histories(log))


def test_what_a_history_holds() -> None:
    day = dt.date(2017, 1, 1)
    histories = from_rows(
        [("a", [(day, 2, 500, 30), (day + dt.timedelta(days=2), 0, 0, 7)]), ("b", []), ("c", [(day, 1, 0, 0)])],
        has_amounts=True,
    )
    first = histories.first_day
    assert histories.visits.offsets.tolist() == [0, 1, 1, 2]
    assert {name: column.tolist() for name, column in histories.visits.values.items()} == {
        "orders": [2, 1],
        "gross": [500, 0],
    }
    assert histories.returns.offsets.tolist() == [0, 2, 2, 2]
    assert (histories.returns.day - first).tolist() == [0, 2]
    assert histories.returns.values["returned"].tolist() == [30, 7]
    assert histories.span == (day, day + dt.timedelta(days=3))
    assert len(histories) == 3


@given(strategies.logs(), DATES)
def test_before_a_cutoff_is_the_log_without_later_lines(log: dict[str, list[Line]], cutoff: dt.date) -> None:
    whole = strategies.histories(log).before(cutoff)
    first = to_date(whole.first_day)
    earlier = {member: [line for line in own if line.timestamp.date() < cutoff] for member, own in log.items()}
    if not any(earlier.values()):
        assert len(whole.visits.day) == len(whole.returns.day) == 0
        return
    cut = from_rows([(member, fold(own)) for member, own in sorted(earlier.items())], has_amounts=True)
    seen, expected = plain(whole), plain(cut)
    assert {key: seen[key] for key in ("members", "visits", "returns")} == {
        key: expected[key] for key in ("members", "visits", "returns")
    }
    last = max(line.timestamp.date() for own in log.values() for line in own)
    assert to_date(whole.end_day) == min(last + dt.timedelta(days=1), cutoff)
    assert first == min(line.timestamp.date() for own in log.values() for line in own)


@given(strategies.logs(), st.data())
def test_selected_members_keep_their_rows(log: dict[str, list[Line]], data: st.DataObject) -> None:
    members = sorted(log)
    chosen = data.draw(st.lists(st.integers(0, len(members) - 1), min_size=1, max_size=6))
    picked = strategies.histories(log).select(np.array(chosen, np.int64))
    expected = from_rows([(members[i], fold(log[members[i]])) for i in chosen], has_amounts=True)
    kept = ("members", "visits", "returns")
    assert {key: plain(picked)[key] for key in kept} == {key: plain(expected)[key] for key in kept}


@pytest.mark.parametrize(
    ("ids", "dtype", "expected"),
    [
        (pa.array([7, 30, 7]), "int64", [7, 30]),
        (pa.array([7.5, 30.0, 7.5]), "float64", [7.5, 30.0]),
        (pa.array(["007", "7", "007"]), "object", ["007", "7"]),
        (pa.array(["007", "7", "007"], pa.large_string()), "object", ["007", "7"]),
    ],
)
def test_ids_keep_their_kind(ids: pa.Array, dtype: str, expected: list[object]) -> None:
    histories = from_log(check(pa.table({"customer_id": ids, "timestamp": ["2017-01-01"] * 3})))
    assert histories.members.dtype == dtype
    assert histories.members.tolist() == expected
    assert not histories.has_amounts


def test_a_log_of_returns_alone_has_members_and_no_visit() -> None:
    histories = from_log(check(pa.table({"customer_id": [1], "timestamp": ["2017-01-01"], "amount": [-5.0]})))
    assert (len(histories), len(histories.visits.day), histories.returns.values["returned"].tolist()) == (1, 0, [50_000])


def test_nothing_usable_is_said() -> None:
    with pytest.raises(UnusableLogError, match="a log has usable rows; got none"):
        from_log(check(pa.table({"customer_id": [None], "timestamp": ["2017-01-01"]})))
    with pytest.raises(UnusableLogError, match="a history has usable lines; got none"):
        from_rows([("a", [])], has_amounts=True)


def test_real_data(journey: Histories) -> None:
    assert len(journey) == 2_469
    assert journey.span == (dt.date(2017, 1, 1), dt.date(2018, 1, 2))
    assert journey.visits.values["gross"].sum() == 45_960_395_800
    assert np.diff(journey.visits.offsets).min() >= 1
    assert len(journey.returns.day) == 0
