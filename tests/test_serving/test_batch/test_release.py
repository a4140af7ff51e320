from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from features.errors import ConfigError
from serving.batch.release import release
from serving.batch.work_folder import check_same


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for package in ("features", "training", "serving"):
        (tmp_path / package / "inner").mkdir(parents=True)
        (tmp_path / package / "inner" / "code.py").write_text(f"{package} = 1\n")
    return tmp_path


def test_it_names_the_numbers_of_the_release() -> None:
    found = release()
    assert found["Tiercast"].startswith(f"{version('tiercast')} (")
    assert found["numpy"] == version("numpy")
    assert release() == found


def test_any_change_of_the_code_is_another_release(root: Path) -> None:
    before = release(root)
    code = root / "serving" / "inner" / "code.py"
    (root / "serving" / "notes.md").write_text("not code")
    assert release(root) == before
    code.write_text("serving = 2\n")
    changed = release(root)
    assert changed["Tiercast"] != before["Tiercast"]
    code.rename(root / "serving" / "inner" / "other.py")
    assert release(root)["Tiercast"] not in (before["Tiercast"], changed["Tiercast"])
    with pytest.raises(ConfigError, match=r"Tiercast .* where it was .* without --resume to begin anew"):
        check_same(before, changed)
