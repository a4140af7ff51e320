"""Which texts both databases can hold."""

from __future__ import annotations


def storable(text: str) -> bool:
    """Whether a database can hold a text: none holds half a character, PostgreSQL no null either.

    >>> storable("M-001"), storable(chr(0)), storable(chr(0xD800))
    (True, False, False)
    """
    if text.isascii():
        return "\0" not in text
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
