"""MLflow for the length of a block: its stores set and set back, telemetry off, and no password in what it says."""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from features.errors import TrackingError

EXPERIMENT: Final = "tiercast"
SQLITE: Final = "sqlite:///"
_SERVED: Final = ("http://", "https://", "databricks")
_USER: Final = re.compile(r"(?<=://)[^/\s]*@")
_CONNECT_SECONDS: Final = 10


@contextmanager
def connected(tracking_uri: str) -> Iterator[Any]:
    """The module ``mlflow`` with runs and models kept at ``tracking_uri``; what was set before is set again after it.

    The address is SQLite's file (``sqlite:///...``), a PostgreSQL database (``postgresql://user:password@host/database``,
    by psycopg) or an MLflow server.

    Raises
    ------
    TrackingError
        the store cannot be reached or used; the message holds no user and no password
    """
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # by default it tries for many minutes
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    environment = {name: os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")}
    with warnings.catch_warnings():
        # MLflow 3.17 with SQLAlchemy 2.1 and pandas 3: its own affairs, none of which the caller can mend.
        warnings.simplefilter("ignore")
        import mlflow
        import mlflow.pyfunc
        import sqlalchemy

        # Its notes on table migrations and requirements are not for whoever trains a model, and what it logs of a database's
        # errors is raised too.
        logging.getLogger("mlflow").setLevel(logging.CRITICAL)
        logging.getLogger("alembic").setLevel(logging.CRITICAL)
        before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
        try:
            _reach(tracking_uri)
            mlflow.set_tracking_uri(tracking_uri)
            mlflow.set_registry_uri(tracking_uri)
            yield mlflow
        except (mlflow.exceptions.MlflowException, sqlalchemy.exc.SQLAlchemyError) as error:
            message = getattr(error, "message", None) or getattr(error, "orig", None) or error
            got = f"{shown(tracking_uri)}: {scrubbed(message, tracking_uri)}"
            # Not chained: the cause's own text may hold the address.
            raise TrackingError("MLflow's store can be used", got, "check MLFLOW_TRACKING_URI and the store") from None
        finally:
            mlflow.set_tracking_uri(before[0])
            mlflow.set_registry_uri(before[1])
            # Setting a URI also writes it to the environment, where the next reader would take it for the user's word.
            for name, value in environment.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def experiment_id(mlflow: Any, tracking_uri: str, artifacts: Path) -> str:
    """The experiment that all runs belong to, made if it is new; ``artifacts`` is its folder of files then.

    A server says itself where its files go.
    """
    client = mlflow.MlflowClient()
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is not None:
        return str(found.experiment_id)
    place = None if tracking_uri.startswith(_SERVED) else artifacts.absolute().as_uri()
    return str(client.create_experiment(EXPERIMENT, artifact_location=place))


def shown(tracking_uri: str) -> str:
    """A store's address without its user and password.

    >>> shown("postgresql://ml:secret@db/runs")
    'postgresql://db/runs'
    """
    scheme, mark, rest = tracking_uri.partition("://")
    return scheme + mark + rest.removeprefix(f"{_user(tracking_uri)}@")


def _user(tracking_uri: str) -> str:
    """``user:password`` as written in an address, '' where there is none; a slash in it is forgiven."""
    rest = tracking_uri.partition("://")[2]
    return "" if rest.startswith("/") else rest.rpartition("@")[0]


def scrubbed(text: object, tracking_uri: str) -> str:
    """At most 200 characters of a message on one line, with no user or password of the address in it.

    >>> scrubbed("no route to postgresql://ml:s%21@db as 's!'", "postgresql://ml:s%21@db/runs")
    "no route to postgresql://db as '***'"
    """
    user = _user(tracking_uri)
    plain = _USER.sub("", " ".join(str(text).split()).replace(f"{user}@", "") if user else " ".join(str(text).split()))
    written = user.partition(":")[2]
    for secret in sorted({written, unquote(written)} - {""}, key=len, reverse=True):
        plain = plain.replace(secret, "***")
    return plain[:200]


def _reach(tracking_uri: str) -> None:
    """Connect to a database once: MLflow by itself tries fifteen times, each twice as long as the one before."""
    if tracking_uri.startswith((SQLITE, *_SERVED, "file:")) or "://" not in tracking_uri:
        return
    import sqlalchemy

    try:
        wait = {"connect_timeout": _CONNECT_SECONDS} if tracking_uri.startswith("postgresql") else {}
        engine = sqlalchemy.create_engine(tracking_uri, poolclass=sqlalchemy.NullPool, connect_args=wait)
        engine.connect().close()
    except (sqlalchemy.exc.SQLAlchemyError, ImportError, ValueError, OSError) as error:
        reason = scrubbed(getattr(error, "orig", None) or error, tracking_uri)
        got = f"{shown(tracking_uri)}: {reason}"
        raise TrackingError("MLflow's store can be reached", got, "check MLFLOW_TRACKING_URI and the store") from None
