"""What an error of a driver, a server or an engine says, in one line of a message."""

from __future__ import annotations

from contextlib import suppress


def first_line(error: BaseException) -> str:
    """What an error says, short enough for a message."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300]


def said_by(error: BaseException) -> str:
    """The first line of an error's message; for a Java error, of what caused it."""
    cause = getattr(error, "java_exception", None)
    if cause is not None:
        with suppress(Exception):
            return str(cause.toString()).splitlines()[0][:300].rstrip(".")
    return first_line(error).rstrip(".")
