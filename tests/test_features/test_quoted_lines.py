from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features import quoted_lines
from features.engine import fetch, open_table
from features.quoted_lines import has_quoted_lines


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])  # the file is written anew each time
@given(st.lists(st.lists(st.text('a",\n', max_size=6), min_size=2, max_size=3), max_size=8), st.integers(1, 9))
def test_a_line_break_within_quotes_is_found_wherever_the_file_is_cut(
    tmp_path: Path, rows: list[list[str]], chunk: int
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    (tmp_path / "log.csv").write_text(text.getvalue())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quoted_lines, "_CHUNK", chunk)
        assert has_quoted_lines([str(tmp_path / "log.csv")]) == any("\n" in field for row in rows for field in row)


def test_a_gzipped_file_may_always_have_one(tmp_path: Path) -> None:
    assert has_quoted_lines([str(tmp_path / "a.csv.gz")])


def test_a_comment_over_two_lines_is_read(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text('id,note\n7,"said ""no"",\nand left"\n8\n')
    assert fetch(open_table(tmp_path / "log.csv")).to_pylist() == [
        {"id": "7", "note": 'said "no",\nand left'},
        {"id": "8", "note": None},
    ]
