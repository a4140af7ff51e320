from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.http.desk_page import ADDRESSES
from serving.http.permissions import PERMISSIONS, SCOPES, methods, permission


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("POST", "/v1/forecast", {"forecast"}),
        ("POST", "/v1/what-if", {"desk", "forecast"}),
        ("GET", "/v1/members", {"desk"}),
        ("GET", "/v1/members/7", {"desk", "forecast"}),
        ("GET", "/v1/members/a/b", {"desk", "forecast"}),
        ("DELETE", "/v1/members/7", {"admin"}),
        ("POST", "/v1/transactions", {"write"}),
        ("GET", "/v1/model", {"desk", "forecast"}),
        ("GET", "/metrics", set(SCOPES)),
    ],
)
def test_what_each_route_takes(method: str, path: str, scopes: set[str]) -> None:
    found = permission(method, path)
    assert found is not None
    assert (found.scopes, found.open) == (scopes, False)


def test_what_needs_no_key() -> None:
    opened = {path for (_, path), found in PERMISSIONS.items() if found.open}
    assert opened == {"/livez", "/readyz", "/", "/docs", "/openapi.json", *ADDRESSES}
    head = permission("HEAD", "/livez")
    assert head is not None
    assert head.open


@given(st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "get"]), st.text())
def test_an_unknown_address_is_none_and_a_known_one_says_its_methods(method: str, path: str) -> None:
    found = permission(method, path)
    assert (found is not None) == (("GET" if method == "HEAD" else method) in methods(path))


def test_a_member_is_never_in_a_template() -> None:
    found = permission("GET", "/v1/members/0042")
    assert found is not None
    assert found.template == "/v1/members/{id}"


@pytest.mark.parametrize("path", ["/v1/members/0042\n", "/v1/members/\n", "/v1/members/00\n42", "/v1/forecast\n"])
def test_an_address_with_a_line_end_is_none(path: str) -> None:
    """A route's pattern ends at the end of a line, so that it would stand for a member whose id ends before it."""
    assert [permission(method, path) for method in ("GET", "POST", "DELETE")] == [None] * 3
    assert methods(path) == ()
