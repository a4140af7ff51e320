"""A log streamed from its engine and folded here, folded by the engine, and folded by hand: the same histories."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given, settings
from oracles import by_hand

from features import reading, streaming
from features.daily import TIME, Line, sums
from features.errors import UnusableLogError
from features.histories import Histories, Ragged, from_rows
from features.reading import from_log
from features.schema import LABELS, NUMBERS
from features.snapshot import to_date
from features.verdicts import Checked, check

FIELDS = ("amount", "order_id", *NUMBERS, *LABELS)
EVERYTHING = {*FIELDS, TIME}
ALL_VALUES = ("orders", "minute", *(part.value for part in sums(EVERYTHING)))
OF_RETURNS = {part.value for part in sums(EVERYTHING) if part.side == "returns"}
START = dt.datetime(2017, 1, 1, 9)

Found = dict[Any, dict[str, Any]]


def of_member(ragged: Ragged, position: int) -> list[tuple[dt.date, dict[str, int]]]:
    part = slice(*ragged.offsets[position : position + 2])
    days = [to_date(day) for day in ragged.day[part]]
    return [(day, {name: int(c[part][i]) for name, c in ragged.values.items()}) for i, day in enumerate(days)]


def plain(histories: Histories) -> Found:
    """Member → purchases, returns, and days by label, each label told by its place among those that were bought."""
    found: Found = {}
    rank = {name: np.unique(rows.values["code"]).tolist() for name, rows in histories.labels.items()}
    for position, member in enumerate(histories.members.tolist()):
        found[member] = {
            "visits": of_member(histories.visits, position),
            "returns": of_member(histories.returns, position),
            **{
                name: [(day, {**v, "code": rank[name].index(v["code"])}) for day, v in of_member(rows, position)]
                for name, rows in histories.labels.items()
            },
        }
    return found


def oracle(log: Mapping[Any, Sequence[Line]], labels: Sequence[str] = LABELS) -> Found:
    found: Found = {}
    bought = {name: sorted({row[1] for own in log.values() for row in by_hand.label_days(own, name)}) for name in labels}
    for member, own in log.items():
        days = by_hand.shopping_days(own)
        visits = [(day, {n: v for n, v in values.items() if n not in OF_RETURNS}) for day, values in days.items()]
        returns = [(day, {n: v for n, v in values.items() if n in OF_RETURNS}) for day, values in days.items()]
        found[member] = {
            "visits": [(day, values) for day, values in visits if values["orders"]],
            "returns": [(day, values) for day, values in returns if values["returned"]],
            **{
                name: [
                    (day, {"code": bought[name].index(label), "lines": lines, "gross": gross})
                    for day, label, lines, gross in by_hand.label_days(own, name)
                ]
                for name in labels
            },
        }
    return found


def both(checked: Checked, has: set[str]) -> tuple[Histories, Histories]:
    streamed, pushed_down = streaming.streamed(checked, set(has)), reading._pushed_down(checked, set(has))
    assert streamed.columns == pushed_down.columns == has
    assert streamed.span == pushed_down.span
    assert streamed.members.tolist() == pushed_down.members.tolist()
    assert [type(member) for member in streamed.members.tolist()] == [
        type(member) for member in pushed_down.members.tolist()
    ]
    texts = [
        {name: found.label_names[name][rows.values["code"]].tolist() for name, rows in found.labels.items()}
        for found in (streamed, pushed_down)
    ]
    assert texts[0] == texts[1]
    return streamed, pushed_down


def made_up(ids: Callable[[int], Any], members: int = 12, lines: int = 6) -> dict[Any, list[Line]]:
    """Some members who buy, send back and come again, in no order of time."""
    rng = np.random.default_rng(3)
    log: dict[Any, list[Line]] = {}
    for i in rng.permutation(members).tolist():
        log[ids(i)] = [
            Line(
                START + dt.timedelta(days=int(rng.integers(0, 4)), minutes=int(rng.integers(0, 900))),
                round(float(rng.normal(3, 5)), 3),
                str(rng.choice(["a", "b", "c"])) if rng.random() < 0.7 else None,
            )
            for _ in range(lines)
        ]
    return log


@settings(max_examples=3)
@given(strategies.large_logs())
def test_streamed_and_pushed_down_are_the_fold_by_hand(log: dict[str, list[Line]]) -> None:
    checked = check(strategies.table(log, FIELDS))
    streamed, pushed_down = both(checked, EVERYTHING)
    assert plain(streamed) == plain(pushed_down) == oracle(log)
    assert plain(from_log(checked)) == plain(strategies.full_histories(log)) == plain(streamed)


@pytest.mark.parametrize(
    ("kind", "ids"),
    [
        (pa.int64(), lambda i: 1_000 + i),
        (pa.int64(), lambda i: -5 + i),
        (pa.int64(), lambda i: -(2**62) + i * 2**59),  # far apart: no table could hold all between
        (pa.int64(), lambda i: 2**63 - 1 - i),
        (pa.int8(), lambda i: -128 + i * 23),  # their differences do not fit into their own type
        (pa.int16(), lambda i: -32_000 + i * 5_000),
        (pa.uint8(), lambda i: i * 23),
        (pa.uint64(), lambda i: 2**64 - 1 - i),
        (pa.float64(), lambda i: i / 8 - 1),
        (pa.string(), lambda i: f"{i:03d}"),
        (pa.string(), lambda i: ["é", "z", "茶", "A", "a", "007", "7", " 7", "Z", "ß", "\U0001f600", "~"][i]),
        (pa.large_string(), str),
    ],
)
def test_members_of_every_kind(kind: pa.DataType, ids: Callable[[int], Any]) -> None:
    log = made_up(ids)
    expected = {
        member: [(day, values["orders"], values["gross"]) for day, values in by_hand.shopping_days(own).items()]
        for member, own in log.items()
    }
    for found in both(check(strategies.table(log, ids=kind)), {"amount", "order_id", TIME}):
        assert found.members.tolist() == sorted(log)
        got = {member: [(day, v["orders"], v["gross"]) for day, v in own["visits"]] for member, own in plain(found).items()}
        assert got == {member: [day for day in days if day[1]] for member, days in expected.items()}


@pytest.mark.parametrize(
    ("orders", "count"),
    [
        (pa.array(["a", "b", "a", "c"]), 3),
        (pa.array(["a", None, None, "a"]), 2),  # without an id, lines at one time are one order
        (pa.array([None, "", " ", None], pa.string()), 1),
        (pa.array([7, 7, -7, 0]), 3),
        (pa.array([7, None, 7, None]), 2),
        (pa.array([0, None, 0, None]), 2),  # an order of number 0 is one
        (pa.array([2**64 - 1, 2**63, 2**64 - 1, 1], pa.uint64()), 3),  # beyond int64
        (pa.array([2**62, -7, 2**62 + 1, 2**62]), 3),
        (pa.array([1.5, float("nan"), 1.5, 2.0]), 3),
        (pa.array([None] * 4, pa.int64()), 1),
    ],
)
def test_orders_of_every_kind(orders: pa.Array, count: int) -> None:
    table = pa.table({"customer_id": [1] * 4, "timestamp": [START] * 4, "amount": [1.0] * 4, "order_id": orders})
    for found in both(check(table), {"amount", "order_id"}):
        assert found.visits.values["orders"].tolist() == [count]


def test_an_order_whose_number_is_a_time_is_no_time() -> None:
    moment = int(START.replace(tzinfo=dt.UTC).timestamp() * 1_000_000)
    table = pa.table({"customer_id": [1] * 2, "timestamp": [START] * 2, "order_id": pa.array([moment, None])})
    for found in both(check(table), {"order_id"}):
        assert found.visits.values["orders"].tolist() == [2]


LABELLED = pa.table(
    {
        "customer_id": ["a", "a", "a", "b", "b"],
        "timestamp": [START, START, START + dt.timedelta(days=1), START, START],
        "amount": [1.0, 2.0, 4.0, 8.0, -1.0],
        "category": ["tea", " ", None, "cake", "returned only"],
        "product": [5, 5, 40, 5, 7],
    }
)


def test_labels_are_of_purchases_and_blank_ones_are_none() -> None:
    for found in both(check(LABELLED), {"amount", "category", "product"}):
        known = plain(found)
        assert known["a"]["category"] == [(START.date(), {"code": 1, "lines": 1, "gross": 10_000})]
        assert known["b"]["category"] == [(START.date(), {"code": 0, "lines": 1, "gross": 80_000})]
        assert [values["lines"] for _, values in known["a"]["product"]] == [2, 1]


@pytest.mark.parametrize("label", [pa.array([None] * 5, pa.string()), pa.array([" "] * 5)])
def test_a_column_without_a_label_is_there_and_empty(label: pa.Array) -> None:
    table = LABELLED.select(["customer_id", "timestamp", "amount"]).append_column("store", label)
    for found in both(check(table), {"amount", "store"}):
        assert found.labels["store"].offsets.tolist() == [0, 0, 0]


def with_strays() -> tuple[pa.Table, pa.Table]:
    """A log in which one member has a typo's year, another nothing else; and the same without them."""
    times = [START + dt.timedelta(days=i // 4) for i in range(400)]
    good = pa.table(
        {
            "customer_id": [f"m{i % 3}" for i in range(400)],
            "timestamp": times,
            "amount": [1.0] * 400,
            "channel": ["web"] * 400,
        }
    )
    late = dt.datetime(2107, 1, 1)
    bad = pa.table({"customer_id": ["m1", "ghost"], "timestamp": [late] * 2, "amount": [1.0] * 2, "channel": ["moon"] * 2})
    return pa.concat_tables([good, bad]), good


def test_strays_and_members_of_nothing_else_are_left_out() -> None:
    whole, good = with_strays()
    has = {"amount", "channel", TIME}
    expected = plain(streaming.streamed(check(good), set(has)))
    for found in both(check(whole), has):
        assert plain(found) == expected
        assert found.span[1] == START.date() + dt.timedelta(days=100)


def test_the_lines_of_some_members_have_no_strays() -> None:
    whole, _ = with_strays()
    for found in both(check(whole, whole_log=False), {"amount", TIME}):
        assert "ghost" in found.members.tolist()
        assert found.span[1] == dt.date(2107, 1, 2)


def test_a_member_of_returns_too_small_to_count_is_one_all_the_same() -> None:
    table = pa.table({"customer_id": ["a", "b"], "timestamp": [START] * 2, "amount": [1.0, -0.00001]})
    for found in both(check(table), {"amount"}):
        assert found.members.tolist() == ["a", "b"]
        assert (len(found.visits.day), len(found.returns.day)) == (1, 0)


@pytest.mark.parametrize(
    ("needed", "columns"),
    [
        (None, EVERYTHING),
        ((), {"amount", "order_id"}),
        ({"cost"}, {"amount", "order_id", "cost"}),
        ({"cost", "store", TIME}, {"amount", "order_id", "cost", "store", TIME}),
        ({"currency", "steps"}, {"amount", "order_id"}),
    ],
)
def test_what_is_not_needed_is_not_read(needed: set[str] | None, columns: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    log = {"m": [Line(START, 1.0, "a", **dict.fromkeys(NUMBERS, 2.0), **dict.fromkeys(LABELS, "x"))]}
    asked: list[tuple[str, ...]] = []
    stream = streaming.stream
    monkeypatch.setattr(streaming, "stream", lambda table, rows: asked.append(table.columns) or stream(table, rows))
    found = from_log(check(strategies.table(log, FIELDS).append_column("currency", pa.array(["EUR"]))), needed)
    assert found.columns == columns
    assert {*asked[0]} == {"member", "time", "amount", "order"} | columns - {"order_id", TIME}
    assert set(found.labels) == columns & set(LABELS)
    assert ("minute" in found.visits.values) == (TIME in columns)
    assert ("cost" in found.visits.values) == ("cost" in columns)


def test_without_amounts() -> None:
    table = pa.table({"customer_id": [1, 1], "timestamp": [START, START + dt.timedelta(minutes=1)], "category": ["x", "y"]})
    for found in both(check(table), {"category", TIME}):
        (day,) = plain(found)[1]["visits"]
        assert (day[1]["orders"], day[1]["gross"], day[1]["minute"]) == (2, 0, 540)
        assert [values["gross"] for _, values in plain(found)[1]["category"]] == [0, 0]


def test_a_log_in_many_batches_is_one_log(monkeypatch: pytest.MonkeyPatch) -> None:
    log = {f"m{i:02d}": own for i, own in enumerate(made_up(str, members=30).values())}
    for i, own in enumerate(log.values()):
        own[0] = Line(START, 5.0, "a", category=f"c{i % 7}", store=None if i % 2 else f"s{i}")
    checked = check(strategies.table(log, FIELDS))
    whole = from_log(checked)
    stream = streaming.stream

    def in_pieces(table: Any, rows: int) -> Iterator[pa.RecordBatch]:
        for batch in stream(table, rows):
            yield from (batch.slice(start, 7) for start in range(0, batch.num_rows, 7))

    monkeypatch.setattr(streaming, "stream", in_pieces)
    assert plain(from_log(checked)) == plain(whole) == oracle(log)


HISTORIES = from_rows([("m", [(dt.date(2017, 1, 1), {"orders": 1, "gross": 0, "returned": 0})])], has_amounts=True)


def test_other_engines_fold_where_the_data_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for form in ("streamed", "_pushed_down"):
        monkeypatch.setattr(reading, form, lambda *_, form=form: asked.append(form) or HISTORIES)
    checked = check(LABELLED)
    from_log(checked)
    monkeypatch.setattr(type(checked.judged.get_backend()), "name", "elsewhere")
    from_log(checked)
    assert asked == ["streamed", "_pushed_down"]


@pytest.mark.parametrize("form", [streaming.streamed, reading._pushed_down])
def test_nothing_usable_is_said(form: Callable[[Checked, set[str]], Histories]) -> None:
    with pytest.raises(UnusableLogError, match="a log has usable rows; got none"):
        form(check(pa.table({"customer_id": [None], "timestamp": ["2017-01-01"]})), set())
