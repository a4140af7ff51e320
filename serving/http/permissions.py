"""Which routes there are, and the scopes of which a key needs one. What is not in the table is not answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from serving.http.desk_page import ADDRESSES
from serving.privacy.scopes import ADMIN, DESK, FORECAST, SCOPES, WRITE


@dataclass(frozen=True, slots=True)
class Permission:
    """One route: its template, as logs name it, and the scopes of which one is enough; ``open`` ones need no key at all."""

    template: str
    scopes: frozenset[str] = frozenset(SCOPES)
    open: bool = False


_MEMBER: Final = "/v1/members/"
_MEMBER_TEMPLATE: Final = "/v1/members/{id}"
_TABLE: Final[dict[tuple[str, str], tuple[str, ...] | None]] = {
    ("GET", "/livez"): None,
    ("GET", "/readyz"): None,
    ("GET", "/"): None,
    ("GET", "/docs"): None,
    ("GET", "/openapi.json"): None,
    **{("GET", address): None for address in ADDRESSES},
    ("GET", "/metrics"): SCOPES,
    ("POST", "/v1/forecast"): (FORECAST,),
    ("POST", "/v1/what-if"): (FORECAST, DESK),
    ("GET", "/v1/model"): (FORECAST, DESK),
    ("GET", "/v1/members"): (DESK,),
    ("GET", _MEMBER_TEMPLATE): (FORECAST, DESK),
    ("DELETE", _MEMBER_TEMPLATE): (ADMIN,),
    ("POST", "/v1/transactions"): (WRITE,),
}
PERMISSIONS: Final = {
    (method, path): Permission(path, frozenset(scopes or ()), open=scopes is None)
    for (method, path), scopes in _TABLE.items()
}


def permission(method: str, path: str) -> Permission | None:
    r"""What a request needs; None where there is no such route.

    Parameters
    ----------
    path : below the root at which the service is mounted, without percent signs

    >>> permission("DELETE", "/v1/members/0042").scopes
    frozenset({'admin'})
    >>> permission("POST", "/v1/members/0042") is None
    True

    Routes are matched up to the end of a line: with one in it, an address would be taken for another, and another erased.

    >>> permission("DELETE", "/v1/members/0042\n") is None
    True
    """
    if "\n" in path:
        return None
    if method == "HEAD":
        method = "GET"
    if path.startswith(_MEMBER):
        path = _MEMBER_TEMPLATE
    return PERMISSIONS.get((method, path))


def methods(path: str) -> tuple[str, ...]:
    """The methods that an address takes; none where there is nothing at it.

    >>> methods("/v1/members/0042"), methods("/v1/else")
    (('GET', 'DELETE'), ())
    """
    template = _MEMBER_TEMPLATE if path.startswith(_MEMBER) and "\n" not in path else path
    return tuple(method for method, known in PERMISSIONS if known == template)
