"""TC-DUPLICATES."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plain_evidence as plain
import pytest
import simulated
from hypothesis import given
from hypothesis import strategies as st

from features.daily import DailyRow
from features.histories import Histories
from training.checks import Evidence, LogCounts, Rows
from training.checks.duplicates import Duplicates, distinct_rows, shared_histories

check = Duplicates()
Log = dict[str, list[DailyRow]]


def with_twins(log: Log, twins: int) -> Log:
    """Some members with three days or more, a second time under other ids."""
    regular = [member for member in sorted(log) if sum(values["orders"] > 0 for _, values in log[member]) >= 3]
    return {**log, **{f"x{i}": log[member] for i, member in enumerate(regular[:twins])}}


@pytest.mark.parametrize("place", ["training", "scoring"])
def test_a_row_that_stands_twice_fails(place: str) -> None:
    rows = plain.rows()
    at = np.append(np.arange(len(rows)), 17)
    twice = replace(rows, x=rows.x[at], member=rows.member[at], cutoff=rows.cutoff[at], churned=None)
    found = check.run(plain.evidence(**{place: twice}))
    assert found.status == "failed"
    assert f"1 of 1,201 {place} rows" in found.found


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=20))
def test_pairs_are_counted_as_a_set_counts_them(pairs: list[tuple[int, int]]) -> None:
    member, cutoff = np.array(pairs, np.int64).reshape(-1, 2).T
    assert distinct_rows(Rows((), np.empty((len(pairs), 0)), member, cutoff)) == len(set(pairs))


@pytest.mark.parametrize(("twins", "status"), [(0, "ok"), (1, "warning"), (30, "warning")])
@pytest.mark.parametrize("has_amounts", [True, False])
def test_members_with_two_ids_are_a_warning(small_log: Log, twins: int, status: str, has_amounts: bool) -> None:
    doubled = simulated.histories(with_twins(small_log, twins), has_amounts=has_amounts)
    found = check.run(plain.evidence(histories=doubled))
    assert found.status == status
    assert found.figures["members with a shared history"] == 2 * twins
    assert found.figures["by chance"] < 0.1


def test_histories_are_told_apart_by_a_day_and_by_an_amount(small_log: Log) -> None:
    regular = max(small_log, key=lambda member: len(small_log[member]))
    for change in (
        lambda day, values: (day, {**values, "gross": values["gross"] + 1}),
        lambda day, values: (day - simulated.dt.timedelta(days=400), values),
    ):
        first, *rest = small_log[regular]
        other = {**small_log, "x": [change(*first), *rest]}
        assert shared_histories(simulated.histories(other))[0] == 0


def test_against_comparing_all_histories(small_log: Log) -> None:
    histories = simulated.histories(with_twins(with_twins(small_log, 5), 9), has_amounts=False)
    visits = histories.visits
    own = [tuple(visits.day[a:b].tolist()) for a, b in zip(visits.offsets[:-1], visits.offsets[1:], strict=True)]
    long = [days for days in own if len(days) >= 3]
    twins, members, _ = shared_histories(histories)
    assert members == len(long)
    assert twins == sum(long.count(days) > 1 for days in long) > 0


def test_what_chance_gives_is_not_counted() -> None:
    """Three visits each in a fair of ten days: many agree, and are no one else."""
    rng = np.random.default_rng(0)
    log: Log = {
        f"m{i}": [
            (simulated.FIRST + simulated.dt.timedelta(days=day), {"orders": 1, "gross": 0, "returned": 0})
            for day in sorted(rng.choice(10, 3, replace=False).tolist())
        ]
        for i in range(400)
    }
    found = check.run(plain.evidence(histories=simulated.histories(log, has_amounts=False)))
    assert found.figures["members with a shared history"] > 300
    assert found.figures["by chance"] > 300
    assert found.status == "ok"


@pytest.mark.parametrize(
    ("log", "status"),
    [
        (LogCounts(1_000, 5, 0, keeps_repeated=True, keeps_overlap=True), "ok"),
        (LogCounts(1_000, 50, 0, keeps_repeated=True, keeps_overlap=True), "warning"),
        (LogCounts(1_000, 50, 0, keeps_repeated=False, keeps_overlap=False), "ok"),
        (LogCounts(1_000, 0, 1, keeps_repeated=True, keeps_overlap=True), "warning"),
        (LogCounts(1_000, 0, 400, keeps_repeated=True, keeps_overlap=False), "ok"),
    ],
)
def test_lines_that_repeat_others(log: LogCounts, status: str) -> None:
    assert check.run(plain.evidence(log=log)).status == status


def test_a_sound_programme_is_quiet(sound: Evidence) -> None:
    assert check.run(sound).status == "ok"


def test_members_with_hardly_a_purchase_are_not_compared() -> None:
    one: list[DailyRow] = [(simulated.FIRST, {"orders": 1, "gross": 100, "returned": 0})]
    assert shared_histories(simulated.histories({f"m{i}": one for i in range(50)})) == (0, 0, 0.0)


def test_long_histories_in_a_log_of_few_days_are_no_number_too_large() -> None:
    days = [
        (simulated.FIRST + simulated.dt.timedelta(days=day), {"orders": 1, "gross": 0, "returned": 0}) for day in range(700)
    ]
    crowd: Log = {f"c{i}": days[:1] for i in range(5_000)}
    log = simulated.histories({"m": days, "n": days[:699], **crowd}, has_amounts=False)
    assert shared_histories(log) == (0, 2, 0.0)


def test_with_nothing_to_look_through_it_does_not_apply(small: Histories) -> None:
    assert check.run(plain.evidence()).status == "not applicable"
    assert (
        check.run(plain.evidence(log=LogCounts(0, 0, 0, keeps_repeated=True, keeps_overlap=True))).status == "not applicable"
    )
