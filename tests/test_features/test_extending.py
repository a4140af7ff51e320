from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pytest
import strategies
from everything import read_of
from hypothesis import given, settings
from hypothesis import strategies as st

from features.daily import Line
from features.errors import ColumnError, CutoffError
from features.extending import extended
from features.histories import Histories
from features.packing import pack_all, shared, unpack
from features.reading import from_log
from features.schema import LABELS, NUMBERS
from features.snapshot import to_day
from features.verdicts import check

Log = Mapping[str, Sequence[Line]]
MIDDLE = st.dates(strategies.FIRST.date() + dt.timedelta(days=1), strategies.LAST.date())
END = to_day(strategies.LAST.date()) + 1


def before(log: Log, day: dt.date) -> dict[str, list[Line]]:
    """Lines of those who are known on a day, as they were then."""
    found = {member: [line for line in lines if line.timestamp.date() < day] for member, lines in log.items()}
    return {member: lines for member, lines in found.items() if lines}


def stored(histories: Histories) -> Histories:
    return unpack(list(zip(histories.members.tolist(), pack_all(histories), strict=True)), shared(histories))


def later(histories: Histories, log: Log, day: dt.date) -> list[list[Line]]:
    return [[line for line in log[member] if line.timestamp.date() >= day] for member in histories.members]


@settings(max_examples=30)
@given(strategies.full_logs(), strategies.events(), MIDDLE)
def test_more_lines_are_the_longer_log(log: Log, happened: strategies.Events, day: dt.date) -> None:
    known = before(log, day)
    if not known:
        return
    short = strategies.full_histories(known, happened)
    whole = strategies.full_histories({member: log[member] for member in known}, happened)
    for histories in (short, stored(short)):
        more = extended(histories, later(histories, log, day))
        assert (more.first_day, more.end_day) == (whole.first_day, whole.end_day)
        assert read_of(more, [to_day(day), END]) == read_of(whole, [to_day(day), END])
        again = stored(more)  # and may be kept in its turn
        assert read_of(again, [END]) == read_of(whole, [END])


@pytest.mark.parametrize(
    "columns",
    [
        ("amount", "order_id", *NUMBERS, *LABELS),
        ("amount",),
        ("order_id", "category"),  # no amounts: what comes back is a visit
        (),
    ],
    ids=["full", "amounts", "labels without amounts", "times alone"],
)
@settings(max_examples=2)
@given(log=strategies.large_logs(), day=MIDDLE)
def test_more_lines_are_the_longer_log_as_an_engine_reads_it(columns: Sequence[str], log: Log, day: dt.date) -> None:
    known = before(log, day)
    if not known:
        return
    short = stored(from_log(check(strategies.table(known, columns))))
    whole = from_log(check(strategies.table({member: log[member] for member in known}, columns)))
    assert read_of(extended(short, later(short, log, day)), [END]) == read_of(whole, [END])


def test_without_lines_nothing_changes() -> None:
    histories = strategies.full_histories({"m0": [Line(strategies.FIRST, 1.0)]})
    assert extended(histories, [[]]) is histories


def test_a_text_has_one_code_of_a_member() -> None:
    day = dt.timedelta(days=1)
    first = {"m0": [Line(strategies.FIRST, 1.0, product="tea")], "m1": [Line(strategies.FIRST, 1.0, product="cake")]}
    lines = [Line(strategies.FIRST + day, 1.0, product=product) for product in ("tea", "ale")]
    more = extended(stored(strategies.full_histories(first)), [lines, lines])
    rows = more.labels["product"]
    assert more.label_names["product"][rows.values["code"]].tolist() == ["tea", "ale", "tea", "cake", "ale", "tea"]
    assert rows.values["code"][0] == rows.values["code"][2]


@pytest.mark.parametrize(
    ("line", "error", "said"),
    [
        (Line(strategies.FIRST, 2.0), CutoffError, "lines are added on days that the log has not told of"),
        (Line(strategies.LAST), ColumnError, "each line has an amount where the log has amounts"),
    ],
)
def test_what_cannot_be_added_is_refused(line: Line, error: type[Exception], said: str) -> None:
    histories = strategies.full_histories({"m0": [Line(strategies.FIRST, 1.0)]})
    with pytest.raises(error, match=said):
        extended(histories, [[line]])
