from __future__ import annotations

import os
from pathlib import Path

import pytest

from features.files import written_whole


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
