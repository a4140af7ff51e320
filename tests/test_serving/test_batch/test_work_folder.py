from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from features.errors import ConfigError
from serving.batch.work_folder import FOLDER, WorkFolder, check_same, remove_if_idle


def test_one_batch_at_a_time(tmp_path: Path) -> None:
    with WorkFolder(tmp_path).alone(keep=False):
        with (
            pytest.raises(ConfigError, match="one batch at a time writes to a folder"),
            WorkFolder(tmp_path).alone(keep=False),
        ):
            pass
        remove_if_idle(tmp_path)
        assert (tmp_path / FOLDER).is_dir()  # it is not idle
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("keep", [True, False])
def test_what_is_left_after_an_error(tmp_path: Path, *, keep: bool) -> None:
    folder = WorkFolder(tmp_path)
    with suppress(KeyboardInterrupt), folder.alone(keep=keep):
        folder.say({"model": "a"})
        raise KeyboardInterrupt
    assert folder.left() == ({"model": "a"} if keep else {})
    remove_if_idle(tmp_path)
    remove_if_idle(tmp_path)
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
