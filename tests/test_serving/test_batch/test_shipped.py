from __future__ import annotations

import zipfile
from pathlib import Path
from types import SimpleNamespace

import serving.batch.shipped
from serving.batch.shipped import pack, ship


class Context(SimpleNamespace):
    """What Spark's context has that shipping asks for."""

    def addPyFile(self, path: str) -> None:
        self.listFiles.append(f"spark://host/files/{Path(path).name}")


def test_all_sources_and_nothing_else_are_in_the_archive(tmp_path: Path) -> None:
    root = serving.batch.shipped.ROOT
    names = set(zipfile.ZipFile(pack(tmp_path)).namelist())
    assert names == {
        str(path.relative_to(root)) for name in serving.batch.shipped.PACKAGES for path in (root / name).rglob("*.py")
    }
    assert "serving/batch/spark_worker.py" in names


def test_equal_sources_have_one_name(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert pack(tmp_path).name == pack(tmp_path / "other").name


def test_it_is_shipped_once_a_context(tmp_path: Path) -> None:
    context = Context(_temp_dir=str(tmp_path), listFiles=[])
    ship(context)  # type: ignore[arg-type]
    ship(context)  # type: ignore[arg-type]
    assert len(context.listFiles) == 1
