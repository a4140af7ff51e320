"""What a CSV file does not say of itself, as its owner says it: ``encoding``, ``delimiter``, ``header``."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from typing import Final

from features.errors import ConfigError

WHITESPACE: Final = "whitespace"
DELIMITERS: Final = ",;\t|"
"""Those that are found without being told."""
UTF8: Final = "utf-8"
_TAB: Final = ("tab", "\\t")


@dataclass(frozen=True)
class Layout:
    """``encoding`` by its name in Python, as gb18030 or windows-1252; ``delimiter`` is a character, tab or whitespace;
    ``header`` holds the names of the columns of a file that begins with data. None: as the file itself shows.

    Raises
    ------
    ConfigError

    >>> Layout(encoding="Windows-1252", delimiter=";")
    Layout(encoding='cp1252', delimiter=';', header=None)
    """

    encoding: str | None = None
    delimiter: str | None = None
    header: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.encoding is not None:
            object.__setattr__(self, "encoding", _known(self.encoding))
        if self.delimiter in _TAB:
            object.__setattr__(self, "delimiter", "\t")
        elif self.delimiter not in (None, WHITESPACE) and (len(self.delimiter) != 1 or self.delimiter in '"\r\n\0'):
            got = repr(self.delimiter)[:40]
            raise ConfigError("a delimiter is one character, 'tab' or 'whitespace'", got, "write it as delimiter: ';'")
        if self.header is not None:
            object.__setattr__(self, "header", tuple(self.header))
            names = [name.lower() for name in self.header]
            if not names or len(set(names)) < len(names) or not all(name.strip() for name in names):
                got = "empty names" if names and len(set(names)) == len(names) else "none, or one twice"
                raise ConfigError(
                    "a header names each column once", got, "write it as header: [customer_id, timestamp, amount]"
                )

    @property
    def said(self) -> tuple[str, ...]:
        """What of it is said."""
        return tuple(name for name in ("encoding", "delimiter", "header") if getattr(self, name) is not None)


AS_IT_SHOWS: Final = Layout()


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name)
        "".encode(found.name)  # what is no encoding of text fails
    except (LookupError, ValueError, TypeError):
        fix = "write it as windows-1252, gb18030, shift_jis or utf-16"
        raise ConfigError("an encoding is one that Python knows", repr(name)[:40], fix) from None
    return found.name


def fields_of(line: str, delimiter: str) -> list[str]:
    """A line's fields.

    >>> fields_of('7;"a;b"', ";"), fields_of(" 7  a ", WHITESPACE)
    (['7', 'a;b'], ['7', 'a'])
    """
    if delimiter == WHITESPACE:
        return line.split()
    return next(csv.reader([line], delimiter=delimiter), [])


def delimiter_of(line: str, layout: Layout) -> str:
    """What a first line's fields are set apart by: as said, or what there is most of.

    White space alone parts fields only where it gives just as many as there are names for.
    """
    if layout.delimiter is not None:
        return layout.delimiter
    if not any(mark in line for mark in DELIMITERS) and layout.header and len(line.split()) == len(layout.header) > 1:
        return WHITESPACE
    return max(DELIMITERS, key=line.count)
