from __future__ import annotations

import os
import subprocess
import sys
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


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    left, alive = tmp_path / f".a.txt.{process.pid}.partial", tmp_path / f".a.txt.{os.getppid()}.partial"
    for path in (left, alive):
        path.write_text("half")
    with written_whole(target) as partial:
        partial.write_text("new")
    assert sorted(tmp_path.iterdir()) == [alive, target]
