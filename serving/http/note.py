"""What is noted about a request while it is answered: for the rate limit and the log, never for the answer itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from serving.http.errors import Scope

NOTE: Final = "tiercast"


@dataclass(slots=True)
class Note:
    """One request: each middleware and the route fill in what they know.

    ``refused`` says why it was sent away unread: ``rate`` or ``overload``. ``members`` is how many were asked about;
    ``member`` the one that was, where it was one. The log writes its pseudonym. ``left``: the caller hung up first.
    """

    request_id: str = ""
    route: str = ""
    key: str = ""
    refused: str = ""
    members: int = 0
    member: str | None = None
    left: bool = False


def note_of(scope: Scope) -> Note:
    """The request's note; copies of a scope share it.

    >>> scope = {"type": "http"}
    >>> note_of(scope).members = 3
    >>> note_of(dict(scope)).members
    3
    """
    found: Note | None = scope.get(NOTE)
    if found is None:
        scope[NOTE] = found = Note()
    return found
