"""Where a page of a list ended: opaque, and good for the list that it came from alone."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from typing import Any

from features.errors import InputError
from serving.database.texts import storable


def write_cursor(order: float, member: str, *of: Any) -> str:
    """The place behind a member.

    Parameters
    ----------
    order : what the list is sorted by, of the last member on the page
    of : what makes the list: its generation, filters and sort

    >>> read_cursor(write_cursor(-12.5, "007", 3, "gold"), 3, "gold")
    (-12.5, '007')
    """
    content = json.dumps([_tag(of), order.hex(), member], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).rstrip(b"=").decode()


def read_cursor(cursor: str, *of: Any) -> tuple[float, str]:
    """The place that was written.

    Raises
    ------
    InputError
        it is no cursor, or one of another list
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        tag, order, member = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        place = float.fromhex(order), member
        fits = tag == _tag(of) and storable(member) and not math.isnan(place[0])
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, binascii.Error):
        fits = False
    if not fits:
        raise InputError(
            "a cursor continues the list that it came with",
            "another one",
            "ask without a cursor first; filters, sort and batch stay the same from page to page",
        )
    return place


def _tag(of: tuple[Any, ...]) -> str:
    return hashlib.blake2b(repr(of).encode(), digest_size=6).hexdigest()
