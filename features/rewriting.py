"""CSV files that the engine cannot read as they are → files that it can: in UTF-8, unzipped, with ordinary ends of lines.

They lie in a folder of this process's own, for as long as somebody reads from it. A log that is in order is not copied.
"""

from __future__ import annotations

import codecs
import gzip
import io
import itertools
import re
import shutil
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from features.csv_files import UTF8, WHITESPACE, Layout, delimiter_of
from features.errors import SourceError

ENCODINGS: Final = "say which, as in encoding: windows-1252 (Western Europe), windows-1251 (Cyrillic) or gb18030 (China)"
_MAX_HEADER: Final = 1_000_000
_CHUNK: Final = 1 << 20
_SEPARATOR: Final = re.compile('^"?sep=."?\\s*$')
"""A first line that tells a spreadsheet what parts the fields."""
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_INSIDE: Final = (".csv", ".tsv", ".txt", ".dat")


def readable(paths: Sequence[str], layout: Layout, holder: Any) -> tuple[list[str], Layout]:
    """Paths that the engine can read, and how; files rewritten for it are there as long as ``holder``.

    Raises
    ------
    SourceError
        an archive holds no CSV file, or a file is not in the encoding that is said
    """
    if not any(_needs_rewriting(path, layout) for path in paths):
        return list(paths), layout
    folder = tempfile.mkdtemp(prefix="tiercast-")
    weakref.finalize(holder, shutil.rmtree, folder, ignore_errors=True)
    found: list[str] = []
    spaced = delimiter_of(first_line_of(paths[0], layout), layout) == WHITESPACE
    for path in paths:
        for file in _files(path):
            target = Path(folder) / f"{len(found):06}.csv"  # in the order of the paths
            with target.open("w", encoding=UTF8, newline="") as copy:
                _rewrite(file, copy, _encoding(file, layout), path, spaced=spaced)
            found.append(str(target))
    return found, Layout(None, "\t" if spaced else layout.delimiter, layout.header)


def first_line_of(path: str, layout: Layout) -> str:
    """A file's first line with something on it, of an archive its first file's."""
    for file in _files(path):
        encoding = _encoding(file, layout)
        try:
            lines = re.split("\r\n|\r|\n", file.read(_MAX_HEADER).decode(encoding, "replace"))
        except (OSError, EOFError):  # the engine says it better
            return ""
        return next((line for line in lines if line.strip() and not _SEPARATOR.match(line)), "")
    return ""


def _needs_rewriting(path: str, layout: Layout) -> bool:
    if path.lower().endswith(".zip") or layout.encoding not in (None, UTF8):
        return True
    try:
        with opened(path) as file:
            head = file.read(_CHUNK)
    except (OSError, EOFError):  # likewise
        return False
    start = head.removeprefix(codecs.BOM_UTF8).partition(b"\n")[0][:16].decode("latin-1")
    lone_returns = b"\r" in head.rstrip(b"\r") and b"\n" not in head
    if head.startswith(_UTF16) or lone_returns or not start.strip() or _SEPARATOR.match(start):
        return True
    return delimiter_of(first_line_of(path, layout), layout) == WHITESPACE


def opened(path: str) -> Any:
    """A file's bytes, gzipped or not."""
    return gzip.open(path, "rb") if path.lower().endswith(".gz") else Path(path).open("rb")


def _files(path: str) -> Iterator[IO[bytes]]:
    """A file, or the CSV files of an archive in the order of their names."""
    if not path.lower().endswith(".zip"):
        with opened(path) as file:
            yield file
        return
    with _archive(path) as archive:
        inside = [
            entry
            for entry in sorted(archive.namelist())
            if entry.lower().endswith(_INSIDE) and not entry.startswith("__MACOSX/")
        ]
        if not inside:
            raise SourceError("a zip archive holds a CSV file", f"none in {path!r}", "unpack it")
        for entry in inside:
            with archive.open(entry) as file:
                yield file


@contextmanager
def _archive(path: str) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:  # the last: it asks for a password
        raise SourceError("a zip archive can be read", f"{path!r}: {error}", "unpack it") from error


def _encoding(file: Any, layout: Layout) -> str:
    """What a file's first bytes say, which beats what anybody else says, or else what is said."""
    try:
        start = file.peek(4)[:4]
    except (OSError, EOFError):
        start = b""
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if start.startswith(_UTF16) else layout.encoding or UTF8


def _rewrite(file: IO[bytes], copy: IO[str], encoding: str, path: str, *, spaced: bool) -> None:
    try:
        with io.TextIOWrapper(file, encoding, newline=None) as text:  # any end of a line becomes \n
            lines = itertools.dropwhile(lambda line: not line.strip() or _SEPARATOR.match(line), text)
            copy.writelines(("\t".join(line.split()) + "\n" for line in lines if line.strip()) if spaced else lines)
    except UnicodeError as error:
        got = f"bytes in {path!r} that are none of {encoding}"
        raise SourceError("a file is in the encoding that is said", got, ENCODINGS) from error
    except (OSError, EOFError, RuntimeError, zlib.error) as error:
        raise SourceError("a file can be read to its end", f"{path!r}: {error}", "send it again") from error
