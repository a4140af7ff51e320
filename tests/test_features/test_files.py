from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from features.errors import ConfigError
from features.files import check_table_path, write_table, written_whole


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="stop"):
        _write_half(target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def _write_half(target: Path) -> None:
    with written_whole(target) as partial:
        partial.write_text("half")
        raise RuntimeError("stop")


def test_the_target_is_untouched_until_the_end(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.txt"
    with written_whole(target) as partial:
        partial.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert list(target.parent.iterdir()) == [target]


def test_what_a_killed_process_left_is_swept_after_a_day(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    left, young, other = tmp_path / ".a.txt.00ff.partial", tmp_path / ".a.txt.11ee.partial", tmp_path / ".b.txt.00ff.partial"
    for path in (left, young, other):
        path.write_text("half")
    for path in (left, other):
        os.utime(path, (0, 0))
    with written_whole(target) as partial:
        partial.write_text("new")
    assert sorted(tmp_path.iterdir()) == [young, other, target]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_frame_is_written_as_the_ending_says(tmp_path: Path, name: str) -> None:
    check_table_path(tmp_path / name, "frames")
    write_table(pd.DataFrame({"x": [1.5]}), tmp_path / name)
    found = pd.read_csv(tmp_path / name) if name.endswith("csv") else pd.read_parquet(tmp_path / name)
    assert found.to_dict("list") == {"x": [1.5]}


def test_another_ending_is_refused() -> None:
    check_table_path(None, "frames")
    with pytest.raises(ConfigError, match=r"frames go to a \.parquet or \.csv file; got 'a\.txt'"):
        check_table_path(Path("a.txt"), "frames")
