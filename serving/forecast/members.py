"""Members' ids as they come, and the text under which a member is stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

MemberId: TypeAlias = int | float | str
IdKind: TypeAlias = Literal["integer", "real", "text"]
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def member_key(member: MemberId) -> str:
    """The text under which a member is stored: a number's digits, a text as it is.

    >>> member_key(7), member_key(7.0), member_key("007")
    ('7', '7', '007')
    """
    if isinstance(member, float) and member.is_integer():
        return str(int(member))
    return str(member)


def asked_key(member: MemberId, kind: IdKind) -> str:
    """The text under which a member who is asked for would be stored: where ids are numbers with a point, '7.0' is 7.

    >>> asked_key("7.0", "real"), asked_key("7.0", "text")
    ('7', '7.0')
    """
    if kind == "real" and isinstance(member, str) and _NUMBER.fullmatch(member):
        member = float(member)
    return member_key(member)


def asked_keys(members: Sequence[MemberId], kind: IdKind) -> list[str]:
    """The keys of many, in their order; whole numbers at once.

    >>> asked_keys([7, 8], "real"), asked_keys([7, "8.0"], "real")
    (['7', '8'], ['7', '8'])
    """
    if set(map(type, members)) == {int}:
        return list(map(str, members))
    return [asked_key(member, kind) for member in members]


def id_of(key: str, kind: IdKind) -> MemberId:
    """A key as the id that it came as.

    >>> id_of("7", "integer"), id_of("7", "real"), id_of("007", "text")
    (7, 7.0, '007')
    """
    if kind == "integer":
        return int(key)
    return float(key) if kind == "real" else key


def ids_of(keys: Sequence[str], kind: IdKind) -> Sequence[MemberId]:
    """Keys as the ids that they came as.

    >>> ids_of(["7"], "integer"), ids_of(["7"], "real"), ids_of(["007"], "text")
    ([7], [7.0], ['007'])
    """
    if kind == "text":
        return keys
    return list(map(int if kind == "integer" else float, keys))


def id_kind(members: npt.NDArray[Any]) -> IdKind:
    """Whether ids are whole numbers, numbers or text.

    >>> id_kind(np.array([7])), id_kind(np.array([7.0])), id_kind(np.array(["7"], object))
    ('integer', 'real', 'text')
    """
    if np.issubdtype(members.dtype, np.integer):
        return "integer"
    return "real" if np.issubdtype(members.dtype, np.floating) else "text"
