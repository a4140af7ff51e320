from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import strategies
from by_example import row
from hypothesis import given, settings
from hypothesis import strategies as st

from features.daily import Line, fold, label_counts
from features.errors import UnusableLogError
from features.histories import Histories, Ragged, from_rows
from features.reading import from_log
from features.schema import LABELS
from features.snapshot import to_date, to_day
from features.verdicts import check

DATES = st.dates(strategies.FIRST.date(), strategies.LAST.date() + dt.timedelta(days=2))


def plain(histories: Histories) -> dict[str, object]:
    """Everything in it, with types, as values that compare."""

    def rows(ragged: Ragged) -> list[object]:
        arrays = {"offsets": ragged.offsets, "day": ragged.day, **dict(sorted(ragged.values.items()))}
        return [(name, array.dtype.str, array.tolist()) for name, array in arrays.items()]

    return {
        "members": histories.members.tolist(),
        "visits": rows(histories.visits),
        "returns": rows(histories.returns),
        "labels": {name: rows(histories.labels[name]) for name in sorted(histories.labels)},
        "label_names": {name: histories.label_names[name].tolist() for name in sorted(histories.label_names)},
        "events": {kind: rows(histories.events[kind]) for kind in sorted(histories.events)},
        "bounds": (histories.has_amounts, histories.first_day, histories.end_day),
    }


@settings(max_examples=20)
@given(strategies.logs())
def test_a_log_and_its_folded_rows_give_the_same(log: dict[str, list[Line]]) -> None:
    assert plain(from_log(check(strategies.table(log)), ())) == plain(strategies.histories(log))


def test_what_a_history_holds() -> None:
    day = dt.date(2017, 1, 1)
    histories = from_rows(
        [("a", [row(day, 2, 500, 30), row(day + dt.timedelta(days=2), 0, 0, 7)]), ("b", []), ("c", [row(day, 1)])],
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


def test_what_else_a_history_holds() -> None:
    day = dt.date(2017, 1, 1)
    lines = [
        Line(dt.datetime(2017, 1, 1, 9), 5.0, cost=2.0, category="tea"),
        Line(dt.datetime(2017, 1, 1, 8, 30), 1.0, category="cake"),
        Line(dt.datetime(2017, 1, 2, 8), -3.0, cost=-1.5, category="tea"),
    ]
    found = strategies.full_histories({"m0": lines}, {"survey": {"m0": [(day, 2, 9)]}})
    assert found.columns == strategies.FULL
    purchase = {name: column.tolist() for name, column in found.visits.values.items()}
    assert {name: purchase[name] for name in ("minute", "gross", "cost", "discount")} == {
        "minute": [510],
        "gross": [60_000],
        "cost": [20_000],
        "discount": [0],
    }
    assert {name: column.tolist() for name, column in found.returns.values.items()} == {
        "returned": [30_000],
        "returned_cost": [15_000],
        "points_back": [0],
        "returned_quantity": [0],
    }
    assert found.labels["category"].values["code"].tolist() == [0, 1]  # cake before tea
    assert found.labels["category"].values["gross"].tolist() == [10_000, 50_000]
    assert found.labels["store"].day.tolist() == []
    assert found.events["survey"].values["count"].tolist() == [2]


@settings(max_examples=30)
@given(strategies.full_logs(), st.sets(st.sampled_from(sorted(strategies.FULL - {"amount"}))))
def test_with_some_columns_only_it_is_the_log_that_has_no_others(log: dict[str, list[Line]], columns: set[str]) -> None:
    members = sorted(log)
    rows = [(member, fold(log[member], columns)) for member in members]
    counts = {name: [label_counts(log[member], name) for member in members] for name in LABELS if name in columns}
    without = from_rows(rows, has_amounts=True, columns=columns, labels=counts)
    narrowed = strategies.full_histories(log).only(columns)
    assert plain(narrowed) == plain(without)
    assert narrowed.columns == without.columns


def test_who_joined_when_is_known_from_then_on() -> None:
    day = dt.date(2017, 1, 1)
    log = from_rows([(name, [row(day, 1)]) for name in "abc"], has_amounts=False)
    joined = np.array([to_day(day), to_day(day) + 9, -1], np.int32)
    known = replace(log, joined=joined).before(day + dt.timedelta(days=9))
    assert known.joined is not None
    assert known.joined.tolist() == [to_day(day), -1, -1]
    picked = replace(log, joined=joined).select(np.array([2, 0])).joined
    assert picked is not None
    assert picked.tolist() == [-1, to_day(day)]


@settings(max_examples=60)
@given(strategies.full_logs(), strategies.events(), DATES)
def test_labels_and_events_are_cut_off_too(log: dict[str, list[Line]], happened: strategies.Events, cutoff: dt.date) -> None:
    whole = strategies.full_histories(log, happened)
    known = whole.before(cutoff)
    day = to_day(cutoff)
    for before, after in ((whole.labels, known.labels), (whole.events, known.events)):
        assert set(before) == set(after)
        for name in before:
            kept = before[name].day < day
            assert after[name].day.tolist() == before[name].day[kept].tolist()
            assert [len(rows) for rows in np.split(after[name].day, after[name].offsets[1:-1])] == [
                int((rows < day).sum()) for rows in np.split(before[name].day, before[name].offsets[1:-1])
            ]
            for column, values in before[name].values.items():
                assert after[name].values[column].tolist() == values[kept].tolist()


@settings(max_examples=40)
@given(strategies.full_logs(), strategies.events(), st.data())
def test_labels_and_events_go_with_the_selected(
    log: dict[str, list[Line]], happened: strategies.Events, data: st.DataObject
) -> None:
    whole = strategies.full_histories(log, happened)
    chosen = data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4))
    picked = whole.select(np.array(chosen, np.int64))

    def own(ragged: Ragged, position: int) -> list[list[int]]:
        part = slice(*ragged.offsets[position : position + 2])
        return [ragged.day[part].tolist(), *(column[part].tolist() for column in ragged.values.values())]

    for i, position in enumerate(chosen):
        for name in whole.labels:
            assert own(picked.labels[name], i) == own(whole.labels[name], position)
        for kind in whole.events:
            assert own(picked.events[kind], i) == own(whole.events[kind], position)


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
