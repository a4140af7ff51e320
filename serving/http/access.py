"""Who may: a request reaches the routes with a key that has the scope, or, without keys, from this machine alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from features.errors import ConfigError
from serving.http.answering import refuse
from serving.http.errors import App, Receive, Scope, Send
from serving.http.note import note_of
from serving.http.permissions import Permission, methods, permission
from serving.privacy.keys import Keyring

_WITHOUT_KEYS: Final = "TIERCAST_WITHOUT_KEYS"
_FORWARDING: Final = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"})
_CHALLENGE: Final = (b"www-authenticate", b'Bearer realm="tiercast"')
_BAD_TOKEN: Final = (b"www-authenticate", b'Bearer realm="tiercast", error="invalid_token"')


class Access:
    """ASGI middleware: 401 without a good key, 403 without the scope, 404 and 405 for what is no route.

    Parameters
    ----------
    keys : None serves without keys, to this machine alone
    """

    def __init__(self, app: App, keys: Keyring | None) -> None:
        self.app = app
        self.keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if self.keys is not None and scope["type"] == "lifespan":
                await asyncio.to_thread(self.keys.start)
            await self.app(scope, receive, send)
            return
        path = _path(scope)
        needed = permission(scope["method"], path)
        if needed is not None:
            note_of(scope).route = needed.template
        if self.keys is None:
            if (reason := _not_local(scope)) is not None:
                fix = "make a key with 'tiercast keys make' and serve with keys"
                await refuse(send, 403, "not_local", f"without keys, this machine alone is answered; got {reason}. {fix}")
                return
        elif (needed is None or not needed.open) and not await self._let_in(scope, send, needed):
            return
        if needed is None:
            await _nothing_here(send, path)
            return
        await self.app(scope, receive, send)

    async def _let_in(self, scope: Scope, send: Send, needed: Permission | None) -> bool:
        """Whether the key is good for it; if not, that has been answered."""
        assert self.keys is not None
        text = _bearer(scope)
        if text is None:
            how = "send a key: 'Authorization: Bearer tc_...'; 'tiercast keys make' makes one"
            await refuse(send, 401, "no_key", how, _CHALLENGE)
            return False
        if not self.keys.known:
            await asyncio.to_thread(self.keys.start)
        if not self.keys.known:
            later = (b"retry-after", b"5")
            await refuse(send, 503, "keys_away", "keys cannot be looked up yet: the store does not answer", later)
            return False
        key = self.keys.find(text)
        if key is None:
            await refuse(send, 401, "unknown_key", "the key is not known, or has been revoked", _BAD_TOKEN)
            return False
        note_of(scope).key = key.id
        if needed is not None and not key.scopes & needed.scopes:
            missing = "' or '".join(sorted(needed.scopes))
            named = b'Bearer realm="tiercast", error="insufficient_scope", scope="%s"' % b" ".join(
                scope.encode() for scope in sorted(needed.scopes)
            )
            message = f"this takes a key with the scope '{missing}'"
            await refuse(send, 403, "missing_scope", message, (b"www-authenticate", named))
            return False
        return True


def check_open(host: str) -> None:
    """Refuse to serve without keys on an address that others can reach.

    Raises
    ------
    ConfigError

    >>> check_open("127.0.0.1")
    >>> check_open("0.0.0.0")
    Traceback (most recent call last):
    features.errors.ConfigError: without keys, only this machine is served; got --host 0.0.0.0. To mend it: \
make a key with 'tiercast keys make' and leave out --without-keys, or serve on 127.0.0.1.
    """
    if not is_loopback(host):
        fix = "make a key with 'tiercast keys make' and leave out --without-keys, or serve on 127.0.0.1"
        raise ConfigError("without keys, only this machine is served", f"--host {host}", fix)


def without_keys(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether TIERCAST_WITHOUT_KEYS asks for it.

    Raises
    ------
    ConfigError
        it is neither 1 nor 0

    >>> without_keys({"TIERCAST_WITHOUT_KEYS": "1"}), without_keys({})
    (True, False)
    """
    text = environment.get(_WITHOUT_KEYS) or "0"
    if text not in ("0", "1"):
        raise ConfigError(f"{_WITHOUT_KEYS} is 1 or 0", repr(text), "leave it out to serve with keys")
    return text == "1"


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's own.

    >>> [is_loopback(host) for host in ("::1", "localhost", "::ffff:127.0.0.1", "10.0.0.1", "")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


@lru_cache(maxsize=256)
def _local_host(value: bytes) -> bool:
    """Whether a Host header, or what follows the scheme of an Origin, names this machine.

    Another name that leads here is a page's attempt to reach past the browser's same-origin rule (DNS rebinding).
    """
    try:
        return is_loopback(urlsplit(f"//{value.decode('ascii')}").hostname or "")
    except ValueError:
        return False


def _not_local(scope: Scope) -> str | None:
    """What shows that somebody else is asking; None if nothing does."""
    for side in ("client", "server"):
        address: Any = scope.get(side)
        if not address or not is_loopback(address[0]):
            return f"a {side} address of another kind"
    for name, value in scope["headers"]:
        if name in _FORWARDING:
            return "a forwarded request"
        if name == b"host" and not _local_host(value):
            return "another name in the header Host"
        if name == b"origin" and not _local_host(value.partition(b"://")[2]):
            return "a web page of another origin"
    return None


def _bearer(scope: Scope) -> str | None:
    """The text of the Authorization header's bearer token; None if there is not exactly one header with one."""
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(found) != 1 or found[0][:7].lower() != b"bearer ":
        return None
    text: str = found[0][7:].strip().decode("latin-1")
    return text or None


def _path(scope: Scope) -> str:
    """The path as routes see it: below the root at which the service is mounted."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path[len(root) :] if root and path.startswith(root + "/") else path


async def _nothing_here(send: Send, path: str) -> None:
    if taken := methods(path):
        message = "this address takes another method; see /docs for the service's routes"
        await refuse(send, 405, "method_not_allowed", message, (b"allow", ", ".join(taken).encode()))
    else:
        await refuse(send, 404, "not_found", "there is nothing at this address; see /docs for the service's routes")
