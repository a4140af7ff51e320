"""Which model is champion: MLflow's registry asked without importing MLflow, which would cost the service seven seconds.

A database is asked by one read-only select on MLflow's tables, a server by its public REST call. Nothing is ever written.
"""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import ssl
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from sqlalchemy import NullPool, and_, column, create_engine, inspect, select, table
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from features.errors import ArtifactError, NoModelError, TrackingError
from training.artifact import VERSION
from training.mlflow_session import shown
from training.registry import CHAMPION, MODEL, VERSION_TAG

_WAIT_S: Final = 5.0
_MOST_BYTES: Final = 1_000_000
_ABSENT: Final = "RESOURCE_DOES_NOT_EXIST"
_NO_ALIAS: Final = "INVALID_PARAMETER_VALUE"
_FIX: Final = "check MLFLOW_TRACKING_URI and the registry, or name the model to serve in TIERCAST_MODEL"
# https://github.com/mlflow/mlflow, store/model_registry/dbmodels/models.py
_MODELS: Final = table("registered_models", column("name"))
_ALIASES: Final = table("registered_model_aliases", column("name"), column("alias"), column("version"))
_TAGS: Final = table("model_version_tags", column("name"), column("version"), column("key"), column("value"))
_CHAMPION: Final = (
    select(_ALIASES.c.version, _TAGS.c.value)
    .select_from(_MODELS)
    .outerjoin(_ALIASES, and_(_ALIASES.c.name == _MODELS.c.name, _ALIASES.c.alias == CHAMPION))
    .outerjoin(
        _TAGS,
        and_(_TAGS.c.name == _ALIASES.c.name, _TAGS.c.version == _ALIASES.c.version, _TAGS.c.key == VERSION_TAG),
    )
    .where(_MODELS.c.name == MODEL)
)


def champion_version(tracking_uri: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """What the champion calls itself, as in ``2018-01-02-e3a5744c``; None where there is no registry, or none of ours.

    Parameters
    ----------
    tracking_uri : ``sqlite:///path``, ``postgresql://user@host/database`` or ``https://host``
    environment : holds MLFLOW_TRACKING_USERNAME and _PASSWORD, or _TOKEN, and _SERVER_CERT_PATH, which a server may want

    Raises
    ------
    NoModelError
        models are registered, and none is champion
    ArtifactError
        the champion is no model of ours
    TrackingError
        the registry does not answer, or is of a kind that is not followed; the message holds no user and no password
    """
    if tracking_uri.startswith(("http://", "https://")):
        return _from_server(tracking_uri, environment)
    try:
        url = make_url(tracking_uri)
    except ArgumentError:
        url = URL.create("none")
    backend = url.get_backend_name()
    if backend == "sqlite":
        path = Path(url.database or "")
        return _from_database(_sqlite(path), tracking_uri) if path.is_file() else None
    if backend == "postgresql":
        return _from_database(_postgresql(url), tracking_uri)
    raise TrackingError("a registry that is followed is SQLite, PostgreSQL or an MLflow server", "another", _FIX)


@lru_cache(maxsize=4)
def _sqlite(path: Path) -> Engine:
    place = f"{path.absolute().as_uri()}?mode=ro"
    # No pool: another file may take its place.
    return create_engine("sqlite://", creator=lambda: sqlite3.connect(place, uri=True, timeout=_WAIT_S), poolclass=NullPool)


@lru_cache(maxsize=4)
def _postgresql(url: URL) -> Engine:
    options = f"-c statement_timeout={int(_WAIT_S * 1000)} -c default_transaction_read_only=on"
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=1,
        pool_pre_ping=True,
        pool_timeout=_WAIT_S,
        connect_args={"connect_timeout": int(_WAIT_S), "options": options},
    )


def _from_database(engine: Engine, tracking_uri: str) -> str | None:
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table(_ALIASES.name):
                return None
            row = connection.execute(_CHAMPION).first()
    except (DBAPIError, PoolTimeout) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise _away(tracking_uri, type(cause).__name__) from None  # the cause's own text may hold the address
    if row is None:
        return None
    number, name = row
    if number is None:
        raise _no_champion()
    return _named(name)


def _from_server(tracking_uri: str, environment: Mapping[str, str]) -> str | None:
    asked = urlencode({"name": MODEL, "alias": CHAMPION})
    headers, address = _authorised(tracking_uri, environment)
    request = Request(f"{address}/api/2.0/mlflow/registered-models/alias?{asked}", headers=headers)  # noqa: S310  (http)
    try:
        secure = ssl.create_default_context(cafile=environment.get("MLFLOW_TRACKING_SERVER_CERT_PATH"))
        with build_opener(_Stay, HTTPSHandler(context=secure)).open(request, timeout=_WAIT_S) as answer:
            return _told(_plain(answer.read(_MOST_BYTES + 1)), tracking_uri)
    except HTTPError as error:
        with error:
            code = _plain(error.read(_MOST_BYTES + 1)).get("error_code")
        if code == _ABSENT:
            return None
        if code == _NO_ALIAS:
            raise _no_champion() from None
        raise _away(tracking_uri, f"status {error.code}") from None
    except (URLError, OSError, ValueError) as error:
        raise _away(tracking_uri, type(error).__name__) from None


def _authorised(tracking_uri: str, environment: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Headers and the address without its user; who is asked for, in MLflow's own order: user and password, then a token."""
    parts = urlsplit(tracking_uri)
    user = environment.get("MLFLOW_TRACKING_USERNAME") or unquote(parts.username or "")
    password = environment.get("MLFLOW_TRACKING_PASSWORD") or unquote(parts.password or "")
    token = environment.get("MLFLOW_TRACKING_TOKEN")
    headers = {"Accept": "application/json"}
    if user and password:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    elif token:
        headers["Authorization"] = f"Bearer {token}"
    host = parts.netloc.rpartition("@")[2]
    return headers, urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))


class _Stay(HTTPRedirectHandler):
    """No other address is followed: the password would go with the question."""

    def redirect_request(self, *_: Any) -> None:
        """None, which makes an error of it."""


def _plain(body: bytes) -> dict[str, Any]:
    """A JSON object; empty where it is none, or larger than any answer to the question."""
    if len(body) > _MOST_BYTES:
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _told(answer: dict[str, Any], tracking_uri: str) -> str:
    version = answer.get("model_version")
    if not isinstance(version, dict):
        raise _away(tracking_uri, "an answer of another kind")
    tags = version.get("tags")
    pairs = [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
    return _named({tag.get("key"): tag.get("value") for tag in pairs}.get(VERSION_TAG))


def _named(name: object) -> str:
    if not isinstance(name, str) or not VERSION.fullmatch(name):
        raise ArtifactError(
            f"a registered model carries its version in the tag {VERSION_TAG!r}",
            "another",
            "register it by 'tiercast train'",
        )
    return name


def _no_champion() -> NoModelError:
    return NoModelError(
        f"a registered model has the alias {CHAMPION!r}", "none that has", "train one, or 'tiercast promote' a challenger"
    )


def _away(tracking_uri: str, got: str) -> TrackingError:
    return TrackingError("MLflow's registry answers", f"{shown(tracking_uri)}: {got}", _FIX)
