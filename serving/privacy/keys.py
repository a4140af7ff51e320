"""API keys: made, listed, revoked, and held in memory by the service.

A key reads ``tc_<id>_<secret>``. The secret is 32 random bytes, shown once; the database holds its SHA-256. A slow hash
(bcrypt, Argon2) protects what people choose, by making guesses dear. Nobody guesses 256 random bits, so here it would only
make every request dear.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import logging
import re
import secrets
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Engine, select, update

from features.errors import ConfigError, NotFoundError, StoreError, listed
from serving.database.engine import reading, writing
from serving.database.tables import API_KEY
from serving.privacy.scopes import SCOPES

_LOG = logging.getLogger("tiercast.service")
_PREFIX: Final = "tc"
_SECRET_BYTES: Final = 32
_LONGEST: Final = 200
_NAME: Final = re.compile(r"[\w .@-]{1,80}")
EVERY_S: Final = 2.0
"""Seconds between two looks at the table: a revoked key is refused within 5, also where a look takes its time."""
_NOBODY: Final = bytes(32)


@dataclass(frozen=True)
class Key:
    """What is kept of a key."""

    id: str
    name: str
    scopes: frozenset[str]
    hash: bytes = field(repr=False)
    made_at: str = ""
    revoked_at: str | None = None


def make(engine: Engine, name: str, scopes: Collection[str]) -> tuple[Key, str]:
    """A new key and its text, which is nowhere else.

    Raises
    ------
    ConfigError
        the name or a scope is none
    StoreError
    """
    if not _NAME.fullmatch(name):
        rule = "a key's name has 1 to 80 letters, digits, spaces, or any of . @ - _"
        raise ConfigError(rule, f"{len(name)} characters", "name whoever will use it, as in --name shop")
    wrong = [scope for scope in scopes if scope not in SCOPES]
    if wrong or not scopes:
        raise ConfigError(f"a key's scopes are among {', '.join(SCOPES)}", listed(wrong) or "none", "pass --scope forecast")
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    key = Key(secrets.token_hex(4), name, frozenset(scopes), hash_of(secret), _now())
    row = {"id": key.id, "name": name, "scopes": " ".join(sorted(key.scopes)), "hash": key.hash, "made_at": key.made_at}
    with writing(engine) as connection:
        connection.execute(API_KEY.insert().values(row))
    return key, f"{_PREFIX}_{key.id}_{secret}"


def all_keys(engine: Engine) -> list[Key]:
    """Every key ever made, oldest first, revoked ones too.

    Raises
    ------
    StoreError
    """
    with reading(engine) as connection:
        rows = connection.execute(select(API_KEY).order_by(API_KEY.c.made_at, API_KEY.c.id)).all()
    return [_key(row) for row in rows]


def revoke(engine: Engine, key_id: str) -> None:
    """Revoke a key for good; a revoked one stays as it is.

    Raises
    ------
    NotFoundError
    StoreError
    """
    with writing(engine) as connection:
        if connection.execute(select(API_KEY.c.id).where(API_KEY.c.id == key_id)).first() is None:
            raise NotFoundError("a key is revoked by its id", "one that no key has", "see 'tiercast keys list'")
        unrevoked = (API_KEY.c.id == key_id) & API_KEY.c.revoked_at.is_(None)
        connection.execute(update(API_KEY).where(unrevoked).values(revoked_at=_now()))


def hash_of(secret: str) -> bytes:
    """What is kept of a secret.

    >>> len(hash_of("secret"))
    32
    """
    return hashlib.sha256(secret.encode()).digest()


class Keyring:
    """The keys in force, looked at anew every few seconds by a thread of its own; requests only read a dictionary.

    While the database is away, the keys last seen stay in force.
    """

    def __init__(self, engine: Engine, every_s: float = EVERY_S) -> None:
        self._engine = engine
        self._every_s = every_s
        self._keys: dict[str, Key] | None = None
        self._away = False
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def known(self) -> bool:
        """Whether the table has been read at least once: before, nobody can be told from anybody."""
        return self._keys is not None

    def start(self) -> None:
        """Read the table, and go on doing so. Takes as long as the database does, so not in the event loop."""
        with self._lock:
            if self._thread is None:
                self.refresh()
                self._thread = threading.Thread(target=self._watch, name="tiercast-keys", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """No longer look."""
        self._ended.set()

    def refresh(self) -> bool:
        """Look at the table once; whether it could be read. What is wrong is said once, until it is well again."""
        try:
            self._keys = {key.id: key for key in all_keys(self._engine) if key.revoked_at is None}
        except Exception as error:  # without the thread that looks, a revoked key would be in force for good
            if not self._away:  # of other errors the type alone: they hold statements
                said = error if isinstance(error, StoreError) else type(error).__name__
                _LOG.error("keys are as last seen: %s", said)
            self._away = True
            return False
        self._away = False
        return True

    def find(self, text: str) -> Key | None:
        """The key in force that a text is. Takes the same time for an id that exists and one that does not."""
        if len(text) > _LONGEST:
            return None
        prefix, _, rest = text.partition("_")
        key_id, _, secret = rest.partition("_")
        key = (self._keys or {}).get(key_id)
        same = hmac.compare_digest(hash_of(secret), key.hash if key is not None else _NOBODY)
        return key if same and key is not None and prefix == _PREFIX else None

    def _watch(self) -> None:
        while not self._ended.wait(self._every_s):
            self.refresh()


def _key(row: Any) -> Key:
    return Key(row.id, row.name, frozenset(row.scopes.split()), bytes(row.hash), row.made_at, row.revoked_at)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
