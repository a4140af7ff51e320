from __future__ import annotations

import gc
import gzip
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from features.csv_files import AS_IT_SHOWS, WHITESPACE, Layout
from features.errors import SourceError
from features.rewriting import first_line_of, readable

TEXT = "id,città\n7,Zoë\n"


class Holder:
    """Somebody who reads."""


def written(path: Path, content: bytes) -> str:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("2.csv", content + b"8,x\n")
            archive.writestr("1.CSV", content)
            archive.writestr("readme.md", b"no log")
            archive.writestr("__MACOSX/._1.csv", b"\0")
    else:
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return str(path)


@pytest.mark.parametrize(
    ("name", "content", "layout", "found"),
    [
        ("a.csv", TEXT.encode("latin-1"), Layout(encoding="windows-1252"), [TEXT]),
        ("a.csv.gz", TEXT.encode("gb18030"), Layout(encoding="gb18030"), [TEXT]),
        ("a.csv", TEXT.encode("utf-16"), AS_IT_SHOWS, [TEXT]),
        ("a.csv", TEXT.encode("utf-8-sig"), Layout(encoding="gb18030"), [TEXT]),  # the file itself knows best
        ("a.csv", TEXT.replace("\n", "\r").encode(), AS_IT_SHOWS, [TEXT]),
        ("a.zip", TEXT.encode(), AS_IT_SHOWS, [TEXT, TEXT + "8,x\n"]),
        ("a.txt", b"  7  x \n\n8\ty\n", Layout(delimiter=WHITESPACE), ["7\tx\n8\ty\n"]),
    ],
)
def test_what_comes_of_a_file(tmp_path: Path, name: str, content: bytes, layout: Layout, found: list[str]) -> None:
    holder = Holder()
    paths, left = readable([written(tmp_path / name, content)], layout, holder)
    assert [Path(path).read_bytes().decode() for path in paths] == found
    assert left.encoding is None
    assert left.delimiter == ("\t" if layout.delimiter == WHITESPACE else None)
    folder = Path(paths[0]).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    del holder
    gc.collect()
    assert not folder.exists()


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_a_file_in_order_is_not_copied(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, TEXT.encode())
    assert readable([path], Layout(delimiter=","), Holder()) == ([path], Layout(delimiter=","))
    assert first_line_of(path, AS_IT_SHOWS) == "id,città"


def _locked(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 not really")


def _without(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.md", b"")


def _other(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("1.csv", b"id\n" + bytes([0xFF]))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_locked, "a zip archive can be read"),
        (_without, "a zip archive holds a CSV file"),
        (_other, "bytes in .* that are none of utf-8"),
    ],
)
def test_what_cannot_be_rewritten_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Any, said: str
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    make(tmp_path / "a.zip")
    holder = Holder()
    with pytest.raises(SourceError, match=said):
        readable([str(tmp_path / "a.zip")], AS_IT_SHOWS, holder)
    del holder
    gc.collect()
    assert list((tmp_path / "tmp").iterdir()) == []
