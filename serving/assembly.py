"""The service put together: database, champion, keys, answers, routes, and what stands before them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from serving.database.engine import SQLITE, open_engine
from serving.desk.answers import Answers
from serving.desk.erasing import erase_everywhere
from serving.desk.following import Desk
from serving.desk.metrics import Metrics
from serving.forecast.members import IdKind
from serving.http.body_route import BodyRoute
from serving.http.connection import Connection
from serving.http.door import Door
from serving.http.gate import Gate
from serving.http.protection import Layer, Protection, layers, protection, wrapped
from serving.http.routes import create_app
from serving.http.straight import Straight
from serving.privacy.keys import Keyring
from serving.privacy.pseudonyms import erasure_secret
from serving.settings import Following, Home, Limits, following, limits

_THREADS = 4
_LONG_AT_ONCE = 64


@dataclass(frozen=True)
class Service:
    """All parts of one process that answers.

    ``routes`` are the mounted app; ``layers`` what stands before them, outermost first.
    """

    desk: Desk
    metrics: Metrics
    gate: Gate
    keys: Keyring | None
    routes: FastAPI
    layers: Sequence[Layer]

    def start(self) -> None:
        """Follow the champion and the keys from now on, in threads of their own."""
        self.desk.start()
        if self.keys is not None:
            self.keys.start()

    def stop(self) -> None:
        """Follow them no more."""
        self.desk.stop()
        if self.keys is not None:
            self.keys.stop()

    @property
    def posts(self) -> dict[str, Any]:
        """Routes that take a body, by path."""
        return {route.path: route.app for route in self.routes.routes if isinstance(route, BodyRoute)}

    @property
    def connection(self) -> Any:
        """The protocol of connections, with a door before a request is made of what comes."""
        return Connection.behind(Door(self.routes, self.gate, self.metrics))

    @property
    def app(self) -> Any:
        """The routes within the layers, as BentoML stacks them."""
        return wrapped(Straight(self.routes, self.routes, self.posts), self.layers)

    def before(self, others: Any) -> Any:
        """An app that answers what is ours by ``app``, and leaves the rest (health, say) to another: BentoML's.

        What BentoML puts around its layers (tracing that is switched off, a net for what ours have caught) takes a tenth of
        a look-up's time.
        """
        return Straight(others, self.app, {})


def assembled(
    place: Home,
    *,
    chosen: Protection | None = None,
    most: Limits | None = None,
    follow: Following | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Service:
    """A service over a home, by the settings of the environment where none are given. Nothing is started or asked yet.

    Raises
    ------
    ConfigError
        a setting is out of its range
    """
    chosen, most, follow = chosen or protection(environment), most or limits(environment), follow or following(environment)
    engine = open_engine(place.store_url)
    desk = Desk(engine, place.tracking_uri, model=follow.model, every_s=follow.every_s)
    metrics, gate = Metrics(desk), Gate(chosen.queue, threads=_THREADS, most_large=_LONG_AT_ONCE)

    def erase(key: str, _: IdKind) -> dict[str, Any] | None:
        done = erase_everywhere(engine, place.path, [key], erasure_secret(place.path, environment))
        if not done.known:
            return None
        (receipt,) = done.receipts
        counts = receipt.counts | {table.path.name: table.rows for table in done.tables}
        return {"receipt": receipt.id, "erased_at": receipt.erased_at.isoformat(), "counts": counts}

    routes = create_app(Answers(desk, metrics, erase), gate, in_loop=engine.dialect.name == SQLITE)
    keys = Keyring(engine) if chosen.with_keys else None
    return Service(desk, metrics, gate, keys, routes, layers(chosen, keys, gate, most.body_bytes, metrics))
