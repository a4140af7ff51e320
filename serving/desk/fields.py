"""The fields of requests: what each is, its limits, and the one sentence that a wrong one is answered with.

What a field's JSON schema allows is what is taken, no more and no less: whoever follows the description is never refused for
the form of what was sent.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator, WithJsonSchema

from features.cells import EARLIEST
from features.events import SURVEY
from features.money import MAX_AMOUNT

MOST_WHOLE: Final = 9_200_000_000_000_000_000
"""Below 2**63, and a number that floats hold too: whoever reads the description by floats reads the same."""
MAX_TEXT: Final = 200
MOST_REASONS: Final = 10
_SIGN: Final = r"[^\x00-\x1f\x7f-\x9f]"
# Written out: what \s stands for differs from one language of patterns to the next.
_VISIBLE: Final = r"[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
_PLAIN: Final = f"^{_SIGN}*{_VISIBLE}{_SIGN}*$"
# JSON can escape half a character, as in '\ud800', which no store and no answer can hold.
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_YEAR: Final = r"(?:19[89]\d|20\d\d)"
_LEAP: Final = r"(?:19(?:8[048]|9[26])|20(?:[02468][048]|[13579][26]))"
_DATE: Final = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
    rf"|{_LEAP}-02-29)"
).replace(r"\d", "[0-9]")
_CLOCK: Final = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?".replace(
    r"\d", "[0-9]"
)
DATE: Final = f"^{_DATE}$"
TIME: Final = f"^{_DATE}(?:[T ]{_CLOCK})?$"
_IS_DATE: Final = re.compile(_DATE)
_IS_TIME: Final = re.compile(f"{_DATE}(?:[T ]{_CLOCK})?")
_IS_LABEL: Final = re.compile(f"{_SIGN}*")
_IS_PLAIN: Final = re.compile(_PLAIN[1:-1])


def is_text(value: Any) -> bool:
    """Whether a value is a text of at most ``MAX_TEXT`` signs that is not blank and holds no control character.

    >>> is_text("007"), is_text(" "), is_text("a" + chr(0))
    (True, False, False)
    """
    return (
        isinstance(value, str)
        and len(value) <= MAX_TEXT
        and _IS_PLAIN.fullmatch(value) is not None
        and not _SURROGATE.search(value)
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST_WHOLE


def _member(value: Any) -> int | float | str:
    """One check in place of one for each kind, so that a wrong id is told once."""
    if _is_whole(value) or is_text(value):
        return value  # type: ignore[no-any-return]
    if isinstance(value, float) and math.isfinite(value) and abs(value) <= MOST_WHOLE:
        return value
    raise ValueError(f"an id is a number, or a text that is not blank, of at most {MAX_TEXT} characters")


def _amount(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < MAX_AMOUNT:
        return float(value)
    raise ValueError(f"an amount is a number such as 12.5, between -{MAX_AMOUNT:.0e} and {MAX_AMOUNT:.0e}")


def _size(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < MAX_AMOUNT:
        return float(value)
    raise ValueError(f"a size is a number such as 12.5, from 0 to {MAX_AMOUNT:.0e}")


def _kind(value: Any) -> str:
    if is_text(value) and value != SURVEY:
        return value  # type: ignore[no-any-return]
    raise ValueError(f"a kind of event is a text that is not blank, of at most {MAX_TEXT} characters")


def _label(value: Any) -> str:
    if is_text(value) or _is_whole(value):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= MOST_WHOLE:  # 7.0 is a whole number in JSON
        return str(int(value))
    raise ValueError(f"this is a text that is not blank, of at most {MAX_TEXT} characters, or a whole number")


def _blank_too(value: Any) -> str:
    if isinstance(value, str) and len(value) <= MAX_TEXT and _IS_LABEL.fullmatch(value) and not _SURROGATE.search(value):
        return value
    return _label(value)


def _few(value: Any) -> int:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())  # 3.0 is a whole number in JSON
    if whole and not isinstance(value, bool) and 0 <= value <= MOST_REASONS:
        return int(value)
    raise ValueError(f"reasons are a whole number from 0 to {MOST_REASONS}")


def _time(value: Any) -> dt.datetime:
    """ISO 8601 text as a time, with its zone where it has one."""
    if isinstance(value, str) and _IS_TIME.fullmatch(value):
        time = dt.datetime.fromisoformat(value)
        plain = time if time.tzinfo is None else time.astimezone(dt.UTC).replace(tzinfo=None)
        # The first hours of 1980 in a zone ahead are in 1979 elsewhere: an empty date in disguise all the same.
        return time if plain >= EARLIEST else time.replace(tzinfo=None)
    raise ValueError("a timestamp is ISO 8601 text of the years 1980 to 2099, such as 2017-01-31T09:30:00")


def _date(value: Any) -> dt.date:
    if isinstance(value, str) and _IS_DATE.fullmatch(value):
        return dt.date.fromisoformat(value)
    raise ValueError("a date is ISO 8601 text of the years 1980 to 2099, such as 2017-01-31")


_TEXT_SCHEMA: Final = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT, "pattern": _PLAIN}
_WHOLE_SCHEMA: Final = {"type": "integer", "minimum": -MOST_WHOLE, "maximum": MOST_WHOLE}
_AMOUNT_SCHEMA: Final = {"type": "number", "exclusiveMinimum": -MAX_AMOUNT, "exclusiveMaximum": MAX_AMOUNT}
_SIZE_SCHEMA: Final = {"type": "number", "minimum": 0, "exclusiveMaximum": MAX_AMOUNT}
_KIND_SCHEMA: Final = {**_TEXT_SCHEMA, "not": {"const": SURVEY}}
_ID_SCHEMA: Final = {
    "anyOf": [_TEXT_SCHEMA, {"type": "number", "minimum": -MOST_WHOLE, "maximum": MOST_WHOLE}],
    "examples": [25],
}

MemberField = Annotated[
    int | float | str,
    PlainValidator(_member),
    WithJsonSchema(_ID_SCHEMA),
    Field(description="The member, as in the transaction log: a number or text."),
]
AmountField = Annotated[float, PlainValidator(_amount), WithJsonSchema(_AMOUNT_SCHEMA)]
SizeField = Annotated[float, PlainValidator(_size), WithJsonSchema(_SIZE_SCHEMA)]
KindField = Annotated[str, PlainValidator(_kind), WithJsonSchema(_KIND_SCHEMA)]
TextField = Annotated[str, PlainValidator(_label), WithJsonSchema({"anyOf": [_TEXT_SCHEMA, _WHOLE_SCHEMA]})]
LabelField = Annotated[
    str,
    PlainValidator(_blank_too),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": MAX_TEXT, "pattern": f"^{_SIGN}*$"}, _WHOLE_SCHEMA]}),
]
TimeField = Annotated[dt.datetime, PlainValidator(_time), WithJsonSchema({"type": "string", "pattern": TIME})]
DateField = Annotated[dt.date, PlainValidator(_date), WithJsonSchema({"type": "string", "pattern": DATE})]
ReasonsField = Annotated[
    int,
    PlainValidator(_few),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MOST_REASONS}),
    Field(description="Most reasons for each member."),
]
