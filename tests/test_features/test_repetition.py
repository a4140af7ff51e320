"""Rows that repeat others, within a file and across files: as multisets of plain Python say."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.engine import FILE, Source, fetch, open_table
from features.errors import ConfigError
from features.repetition import DUPLICATES, Duplicates, marked, repetitions
from features.usability import report
from features.verdicts import check

Row = tuple[str | None, int | None]
"""A text and a number."""


def table(rows: Sequence[Row]) -> pa.Table:
    return pa.table(
        {"text": pa.array([row[0] for row in rows], pa.string()), "n": pa.array([row[1] for row in rows], pa.int64())}
    )


def written(folder: Path, *files: Sequence[Row]) -> str:
    """A glob of Parquet files, in the order of their names."""
    for i, rows in enumerate(files):
        pq.write_table(table(rows), folder / f"{i}.parquet")
    return str(folder / "*.parquet")


def plain(row: Row) -> Row:
    return (None if row[0] is None else row[0].strip(" \t\n\r\v\f"), row[1])


def kept(source: Source, duplicates: Duplicates) -> Counter[Row]:
    """Rows that are not to be refused."""
    rows = fetch(marked(open_table(source), duplicates)).to_pylist()
    return Counter(plain((row["text"], row["n"])) for row in rows if not row["tc_again"])


def expected(files: Sequence[Sequence[Row]], duplicates: Duplicates) -> Counter[Row]:
    counts = [Counter(map(plain, rows)) for rows in files]
    if duplicates == "keep":
        return sum(counts, Counter())
    most: Counter[Row] = reduce(lambda left, right: left | right, counts)  # of each row, the maximum over files
    return most if duplicates == "overlap" else Counter(dict.fromkeys(most, 1))


A, B, C = ("a", 1), ("b", 1), ("c", None)


@pytest.mark.parametrize(
    ("files", "overlap", "repeated", "again"),
    [
        ([[A, B], [B, C]], {A: 1, B: 1, C: 1}, 0, 1),
        ([[A, A], [A]], {A: 2}, 1, 1),
        ([[A], [A, A]], {A: 2}, 1, 1),
        ([[A, A], [A, A, A]], {A: 3}, 3, 2),
        ([[A], [A], [A]], {A: 1}, 0, 2),
        ([[A, B], [B, C], [A, C, C]], {A: 1, B: 1, C: 2}, 1, 3),
        ([[A, A, B], [C], [A, B, B]], {A: 2, B: 2, C: 1}, 2, 2),
        ([[A], [("a ", 1)], [("\ta", 1)]], {A: 1}, 0, 2),  # white space at a text's ends aside
        ([[("a b", 1)], [("a  b", 1)]], {("a b", 1): 1, ("a  b", 1): 1}, 0, 0),  # and nowhere else
        ([[A], [("A", 1)]], {A: 1, ("A", 1): 1}, 0, 0),
        ([[(None, None)], [(None, None)], [("", None)]], {(None, None): 1, ("", None): 1}, 0, 1),
        ([[(None, 1), (None, 1)], [(None, 2)]], {(None, 1): 2, (None, 2): 1}, 1, 0),
    ],
    ids=str,
)
def test_of_what_files_share_the_most_of_one_file_is_kept(
    files: list[list[Row]], overlap: dict[Row, int], repeated: int, again: int, tmp_path: Path
) -> None:
    source = written(tmp_path, *files)
    assert kept(source, "overlap") == overlap == expected(files, "overlap")
    assert kept(source, "drop") == dict.fromkeys(overlap, 1)
    assert kept(source, "keep") == expected(files, "keep")
    assert repetitions(open_table(source)) == (repeated, again)


rows = st.tuples(st.sampled_from(["a", " a", "a\t", "b", "", " ", None]), st.sampled_from([1, 2, None]))
logs = st.lists(st.lists(rows, min_size=1, max_size=12), min_size=2, max_size=3)


@settings(max_examples=10)
@given(logs)
def test_files_are_multisets(files: list[list[Row]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = written(Path(folder), *files)
        for duplicates in DUPLICATES:
            assert kept(source, duplicates) == expected(files, duplicates)
        within = sum(len(rows) - len(set(map(plain, rows))) for rows in files)
        across = sum(map(len, files)) - expected(files, "overlap").total()
        assert repetitions(open_table(source)) == (within, across)


@settings(max_examples=8)
@given(st.lists(rows, min_size=1, max_size=15))
def test_one_table_overlaps_with_nothing(own: list[Row]) -> None:
    source = table(own)
    assert kept(source, "overlap") == kept(source, "keep") == expected([own], "keep")
    assert kept(source, "drop") == expected([own], "drop")
    assert repetitions(open_table(source)) == (len(own) - len(set(map(plain, own))), 0)


def test_a_single_file_overlaps_with_nothing(tmp_path: Path) -> None:
    source = written(tmp_path, [A, A, B])
    assert FILE not in open_table(source).columns
    assert kept(source, "overlap") == {A: 2, B: 1}
    assert repetitions(open_table(source)) == (1, 0)


def test_an_empty_table_repeats_nothing() -> None:
    assert repetitions(open_table(table([]))) == (0, 0)


def test_numbers_that_are_none_are_equal_to_each_other() -> None:
    source = pa.table({"x": [float("nan"), float("nan"), 0.0, -0.0, None, None]})
    assert repetitions(open_table(source)) == (3, 0)


# -- verdicts ---------------------------------------------------------------------------------------------------------

HEADER = "customer_id,timestamp,amount,note\n"
FIRST = "a,2017-01-01,1.0,x\na,2017-01-01,1.0,x\nb,2017-01-02,2.0,\n"
SECOND = "b,2017-01-02 ,2.0,\na,2017-01-01,1.0, x\nc,2017-01-03,3.0,y\n,2017-01-03,3.0,y\n"
THIRD = "c,2017-01-03,3.0,y\n,2017-01-03,3.0,y\n"


def files(folder: Path, *contents: str) -> str:
    for i, content in enumerate(contents):
        (folder / f"{i}.csv").write_text(HEADER + content, encoding="utf-8")
    return str(folder / "*.csv")


@pytest.mark.parametrize(
    ("duplicates", "contents", "members", "refused"),
    [
        ("keep", (FIRST, SECOND), {"a": 3, "b": 2, "c": 1}, {"no_member": 1}),
        ("overlap", (FIRST, SECOND), {"a": 2, "b": 1, "c": 1}, {"no_member": 1, "repeated": 2}),
        ("drop", (FIRST, SECOND), {"a": 1, "b": 1, "c": 1}, {"no_member": 1, "repeated": 3}),
        # A row without a member is refused for that, repetition or none.
        ("overlap", (FIRST, SECOND, THIRD), {"a": 2, "b": 1, "c": 1}, {"no_member": 2, "repeated": 3}),
        ("overlap", (FIRST,), {"a": 2, "b": 1}, {}),
        ("drop", (FIRST,), {"a": 1, "b": 1}, {"repeated": 1}),
    ],
)
def test_repetitions_are_refused_as_asked(
    duplicates: Duplicates, contents: tuple[str, ...], members: dict[str, int], refused: dict[str, int], tmp_path: Path
) -> None:
    checked = check(files(tmp_path, *contents), duplicates=duplicates)
    assert Counter(fetch(checked.clean)["customer_id"].to_pylist()) == members
    assert Counter(fetch(checked.quarantine)["reason"].to_pylist()) == refused
    assert report(checked).refused == refused


@pytest.mark.parametrize("duplicates", DUPLICATES)
def test_both_counts_are_told_whatever_is_refused(duplicates: Duplicates, tmp_path: Path) -> None:
    summary = report(check(files(tmp_path, FIRST, SECOND, THIRD), duplicates=duplicates))
    assert (summary.repeated_rows, summary.overlap_rows, summary.rows) == (1, 4, 9)
    assert (
        f"4 rows that a file repeats of an earlier one, {'kept' if duplicates == 'keep' else 'refused'}" in summary.to_text()
    )


@pytest.mark.parametrize("duplicates", DUPLICATES)
def test_no_trace_of_the_counting_is_left_in_the_quarantine(duplicates: Duplicates, tmp_path: Path) -> None:
    quarantine = fetch(check(files(tmp_path, FIRST, SECOND), duplicates=duplicates).quarantine)
    assert quarantine.column_names == ["customer_id", "timestamp", "amount", "note", "reason"]


@pytest.mark.parametrize("duplicates", ["dropped", "", None, True])
def test_other_words_are_refused(duplicates: Any) -> None:
    with pytest.raises(ConfigError, match="duplicates is one of 'keep', 'drop', 'overlap'"):
        check(table([A]), duplicates=duplicates)
