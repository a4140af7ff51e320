"""Texts in quotes that go over several lines, as comments and addresses do: the engine has to know of them beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

_CHUNK: Final = 1 << 20
_QUOTE, _NEWLINE = ord('"'), ord("\n")


def has_quoted_lines(paths: Sequence[str]) -> bool:
    """Whether a line of some file may end within quotes. A gzipped file is not looked through: it may always."""
    return any(path.lower().endswith(".gz") or _ends_within(path) for path in paths)


def _ends_within(path: str) -> bool:
    inside = 0  # 1 within quotes; a doubled quote goes out and in again
    with Path(path).open("rb") as file:
        while chunk := file.read(_CHUNK):
            quotes = chunk.count(b'"')
            if not quotes:
                if inside and b"\n" in chunk:
                    return True
                continue
            content = np.frombuffer(chunk, np.uint8)
            before = np.searchsorted(np.flatnonzero(content == _QUOTE), np.flatnonzero(content == _NEWLINE))
            if ((before + inside) % 2).any():
                return True
            inside = (inside + quotes) % 2
    return False
