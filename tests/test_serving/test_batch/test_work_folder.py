from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from features.errors import ConfigError
from serving.batch import work_folder
from serving.batch.work_folder import FOLDER, WorkFolder, check_same, remove_if_idle, take_out


def test_one_batch_at_a_time(tmp_path: Path) -> None:
    with WorkFolder(tmp_path).alone(keep=False):
        with (
            pytest.raises(ConfigError, match="one batch at a time writes to a folder"),
            WorkFolder(tmp_path).alone(keep=False),
        ):
            pass
        assert not remove_if_idle(tmp_path)
        assert (tmp_path / FOLDER).is_dir()
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("keep", [True, False])
def test_what_is_left_after_an_error(tmp_path: Path, *, keep: bool) -> None:
    folder = WorkFolder(tmp_path)
    with suppress(KeyboardInterrupt), folder.alone(keep=keep):
        folder.say({"model": "a"})
        raise KeyboardInterrupt
    assert folder.left() == ({"model": "a"} if keep else {})
    assert remove_if_idle(tmp_path)
    assert remove_if_idle(tmp_path)
    assert not (tmp_path / FOLDER).exists()


def test_only_its_owner_may_look_into_it(tmp_path: Path) -> None:
    with WorkFolder(tmp_path).alone(keep=False):
        assert (tmp_path / FOLDER).stat().st_mode & 0o077 == 0


def test_cleared_it_says_nothing(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path)
    with folder.alone(keep=False):
        folder.say({"model": "a"})
        (folder.path / "0000000.table").touch()
        folder.clear()
        assert [path.name for path in folder.path.iterdir()] == ["lock"]
        (folder.path / "batch.json").write_text("{")
        assert folder.left() == {}


def test_a_difference_is_said() -> None:
    with pytest.raises(ConfigError, match="model b, where it was a; language zh, where it was not said") as caught:
        check_same({"model": "a", "log": "x"}, {"model": "b", "language": "zh", "log": "x"})
    assert "without --resume to begin anew" in str(caught.value)


def test_a_lock_in_a_folder_that_another_batch_has_just_removed_keeps_nobody_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = work_folder._locked

    def removed_first(lock: Any) -> bool:
        monkeypatch.setattr(work_folder, "_locked", locked)
        shutil.rmtree(tmp_path / FOLDER)
        return locked(lock)

    monkeypatch.setattr(work_folder, "_locked", removed_first)
    with (
        WorkFolder(tmp_path).alone(keep=False),
        pytest.raises(ConfigError, match="one batch at a time"),
        WorkFolder(tmp_path).alone(keep=False),
    ):
        pass


def test_members_are_taken_out_of_a_batch_at_work_and_what_one_has_left_goes(tmp_path: Path) -> None:
    take_out(tmp_path, ["a"], [b"mark"])  # no batch
    with WorkFolder(tmp_path).alone(keep=False):
        take_out(tmp_path, ["a"], [b"mark"])
        assert (tmp_path / FOLDER / "erased").read_text() == b"mark".hex() + "\n"
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "0000000.table").touch()
    take_out(tmp_path, ["a"], [b"mark"])
    assert not (tmp_path / FOLDER).exists()
