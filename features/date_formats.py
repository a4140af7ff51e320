"""How a log writes its times, where that is not ISO 8601, as its owner says it: ``date_format``.

==============================  ==========================================================================
written as                      says
==============================  ==========================================================================
``%d-%b-%y``                    a pattern in the directives of strptime: ``01-Jan-17``
``%m/%d/%Y %I:%M %p``           ``1/31/2017 3:45 PM``
``%Y%m%d %H%M``                 ``20170131 927``: hours and minutes without a mark between may lack leading zeros
``milliseconds since 1970-01-01``  a number; also days (of an own first day, or Excel's, from 1899-12-30), hours,
                                minutes, seconds, micro- and nanoseconds; the words are those of the CF conventions for time
``iso``                         ISO 8601, as if nothing were said
==============================  ==========================================================================

What is declared is all that is read: a text of another form is refused. Days and months may lack a leading zero, names of
months are English, a year of two digits is 1969 to 2068, as POSIX has it. Source: https://cfconventions.org (section 4.4),
https://pubs.opengroup.org/onlinepubs/9699919799/functions/strptime.html
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from features.errors import ConfigError, listed

ISO: Final = "iso"
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SHORT: Final = tuple(name[:3] for name in _MONTHS)
_WIDE: Final = "([0-9]{2})"
# One capturing group each; character classes instead of backslashes, as in features.dialects. What is no day of the
# calendar or no time of day is found in the ISO text that comes of it.
_DIRECTIVES: Final[Mapping[str, str]] = {
    "Y": "([0-9]{4})",
    "y": _WIDE,
    "m": "([0-9]{1,2})",
    "b": f"({'|'.join(_SHORT)})t?[.]?",  # Sept.
    "B": f"({'|'.join(_MONTHS)})",
    "d": "([0-9]{1,2})",
    "H": "([0-9]{1,2})",
    "I": "(0?[1-9]|1[0-2])",
    "M": _WIDE,
    "S": _WIDE,
    "f": "([0-9]{1,9})",
    "p": "([ap])[.]?m[.]?",
    "z": "[ ]?(z|utc|gmt|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})",
}
_SKIPPED: Final = {"a": "[a-z]{2,3}[.]?", "A": "[a-z]+"}
_SHORTHANDS: Final = {"%T": "%H:%M:%S", "%R": "%H:%M", "%F": "%Y-%m-%d", "%D": "%m/%d/%y", "%e": "%d", "%Z": "%z"}
_KINDS: Final = {"Y": "year", "y": "year", "m": "month", "b": "month", "B": "month", "H": "hour", "I": "hour"}
_PIVOT: Final = (("^([0-5][0-9]|6[0-8])-", "20"), ("^(69|[7-9][0-9])-", "19"))
_SINCE: Final = re.compile(
    "^(days|hours|minutes|seconds|milliseconds|microseconds|nanoseconds) since ([0-9]{4}-[0-9]{2}-[0-9]{2})$"
)
_SECONDS: Final = {  # of a unit, as a fraction: divided, a number of milliseconds gives whole seconds to the bit
    "days": (86_400, 1),
    "hours": (3_600, 1),
    "minutes": (60, 1),
    "seconds": (1, 1),
    "milliseconds": (1, 1_000),
    "microseconds": (1, 1_000_000),
    "nanoseconds": (1, 1_000_000_000),
}
_EXAMPLES: Final = "write it as '%d-%b-%y' or 'days since 2014-12-31' (docs/your-log.md)"
_UNTOLD: Final = set("^[]\\$")


@dataclass(frozen=True)
class Since:
    """Numbers that count ``unit`` from the start of a day, in UTC; days are those of the programme, whatever its zone."""

    unit: str
    origin: dt.date

    @property
    def seconds(self) -> tuple[int, int]:
        """Of one unit, as numerator and denominator."""
        return _SECONDS[self.unit]

    @property
    def zoned(self) -> bool:
        """Whether a number names an instant rather than a day of the programme's calendar."""
        return self.unit != "days"


@dataclass(frozen=True)
class Pattern:
    """A strptime pattern as a regular expression over text in lower case, and what makes ISO 8601 of it.

    ``groups`` gives for each group of ``shape`` the letter of its directive.
    """

    shape: str
    groups: tuple[str, ...]

    @property
    def zoned(self) -> bool:
        """Whether the texts say their offset."""
        return "z" in self.groups

    def steps(self) -> list[tuple[str, str, bool]]:
        """What is replaced by what, one after the other: (looked for, put in its place, whether it is an expression)."""
        at = {letter: f"\\{number}" for number, letter in enumerate(self.groups, 1)}
        day = f"{at.get('Y', at.get('y', ''))}-{at.get('m', at.get('b', at.get('B', '')))}-{at['d']}"
        clock = ""
        if hour := at.get("H", at.get("I")):
            clock = f"T{hour}:{at.get('M', '00')}:{at.get('S', '00')}"
            clock += f".{at['f']}" if "f" in at else ""
            clock += f"#{at['p']}" if "p" in at else ""
            clock += f"@{at['z']}" if "z" in at else ""
        steps = [(self.shape, day + clock, True)]
        if "y" in at:
            steps += [(found, f"{century}\\1-", True) for found, century in _PIVOT]
        for letter, names in (("b", _SHORT), ("B", _MONTHS)):
            if letter in at:
                steps += [(f"-{name}-", f"-{number:02}-", False) for number, name in enumerate(names, 1)]
        if "p" in at:
            steps.append(("T12:", "T00:", False))
        if "H" in at and self.right_aligned:
            steps.append(("T:", "T00:", False))
            steps.append((":([0-9])(:00)", ":0\\1\\2", True))
        if "z" in at:
            steps += [(f"@{name}", "Z", False) for name in ("z", "utc", "gmt")] + [("@", "", False)]
        return steps

    @property
    def right_aligned(self) -> bool:
        """Whether hours and minutes are one number, as 927."""
        return _RIGHT_ALIGNED in self.shape


_RIGHT_ALIGNED: Final = "([0-9]{0,2}?)([0-9]{1,2})$"
DateFormat = Since | Pattern


@lru_cache(maxsize=256)
def date_format(written: str) -> DateFormat | None:
    """What a ``date_format`` says; None for ISO 8601.

    Raises
    ------
    ConfigError

    >>> date_format("days since 2014-12-31")
    Since(unit='days', origin=datetime.date(2014, 12, 31))
    >>> date_format("%d.%m.%y").groups
    ('d', 'm', 'y')
    """
    if written == ISO:
        return None
    if "since" in written:
        found = _SINCE.match(written)
        try:
            if found:
                return Since(found[1], dt.date.fromisoformat(found[2]))
        except ValueError:
            pass
        rule = f"a date_format that counts is one of {listed(tuple(_SECONDS))}, with 'since' and a date"
        raise ConfigError(rule, repr(written), "write it as 'milliseconds since 1970-01-01' or 'days since 2014-12-31'")
    for short, long in _SHORTHANDS.items():
        written = written.replace(short, long)
    tokens = _tokens(written)
    letters = tuple(letter for letter, text in tokens if letter in _DIRECTIVES)
    _complete(written, letters)
    return Pattern(_shape(tokens), letters)


def _tokens(written: str) -> list[tuple[str, str]]:
    """Directives as (letter, ''), other text as ('', text)."""
    tokens: list[tuple[str, str]] = []
    for piece in re.findall("%[-#]?.|[^%]+|%", written):
        letter = piece[-1]
        if piece[0] != "%":
            tokens.append(("", piece.lower()))
        elif piece == "%%":
            tokens.append(("", "%"))
        elif letter in _DIRECTIVES or letter in _SKIPPED:
            tokens.append((letter, ""))
        else:
            rule = f"a date_format has directives of %{', %'.join((*_DIRECTIVES, *_SKIPPED))}"
            raise ConfigError(rule, repr(piece), _EXAMPLES)
    return tokens


def _complete(written: str, letters: Sequence[str]) -> None:
    kinds = [_KINDS.get(letter, letter) for letter in letters]
    rule = ""
    if len(set(kinds)) < len(kinds):
        rule = "a date_format says nothing twice"
    elif not {"year", "month", "d"} <= set(kinds):
        rule = "a date_format has year, month and day (%Y or %y, %m or %b or %B, %d)"
    elif ("I" in letters) != ("p" in letters):
        rule = "hours of twelve have %I and %p, hours of 24 have %H"
    elif any(
        part in kinds and before not in kinds for part, before in (("M", "hour"), ("S", "M"), ("f", "S"), ("z", "hour"))
    ):
        rule = "a time of day begins with the hour, and leaves nothing out between"
    elif _UNTOLD & set(written):
        rule = f"a date_format has none of {' '.join(sorted(_UNTOLD))}"
    elif re.search("(?i)utc|gmt|%[SMf]z", written):
        rule = "a time zone in a date_format is %z, which reads Z, UTC, GMT and +01:00"
    if rule:
        raise ConfigError(rule, repr(written), _EXAMPLES)


def _shape(tokens: Sequence[tuple[str, str]]) -> str:
    parts = []
    digits = "YymdHIMSf"
    for i, (letter, text) in enumerate(tokens):
        if not letter:
            parts.append("".join("[ ]+" if c == " " else c if c.isalnum() else f"[{c}]" for c in re.sub(r"\s+", " ", text)))
            continue
        before = tokens[i - 1][0] if i else ""
        after = tokens[i + 1][0] if i + 1 < len(tokens) else ""
        touching = (before and before in digits) or (after and after in digits)
        parts.append(_WIDE if touching and letter in "mdHI" else _DIRECTIVES.get(letter, _SKIPPED.get(letter, "")))
    if [letter for letter, _ in tokens[-2:]] == ["H", "M"] and (len(tokens) < 3 or tokens[-3][0] not in tuple(digits)):
        parts[-2:] = [_RIGHT_ALIGNED.removesuffix("$")]
    return f"^{''.join(parts)}$"
