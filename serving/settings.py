"""Where things are kept and how much is taken at once: read once from the environment.

==========================  =========================  ==============================================================
variable                    default                    meaning
==========================  =========================  ==============================================================
TIERCAST_HOME               tiercast-data              folder of models, runs and the look-up store
TIERCAST_STORE              SQLite in TIERCAST_HOME    the store: sqlite:///path or postgresql://user@host/database
TIERCAST_MAX_BODY_BYTES     8000000                    largest request body
TIERCAST_MODEL              the registry's champion    a model version to serve whatever the registry says
TIERCAST_FOLLOW_SECONDS     2                          time between two looks for a new champion or batch
MLFLOW_TRACKING_URI         SQLite in TIERCAST_HOME    where runs and models are registered: a file, a server or PostgreSQL
==========================  =========================  ==============================================================
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final
from urllib.parse import quote

from features.errors import ConfigError

DEFAULT_HOME: Final = "tiercast-data"
NAMES: Final = (
    *("TIERCAST_HOME", "TIERCAST_STORE", "TIERCAST_MAX_BODY_BYTES", "TIERCAST_MODEL", "TIERCAST_FOLLOW_SECONDS"),
    *("TIERCAST_WITHOUT_KEYS", "TIERCAST_RATE", "TIERCAST_BURST", "TIERCAST_QUEUE", "TIERCAST_LOG", "TIERCAST_LOG_SALT"),
    *("TIERCAST_ERASURE_SECRET", "TIERCAST_PLAN_SECRET", "TIERCAST_KEY"),
)
"""All settings, those of other modules too (serving.http.protection, serving.privacy.pseudonyms, a client's key)."""
_MOST: Final = 2**31 - 1
_NEAR: Final = 0.9
"""So alike are a name and a slip of the pen; what Kubernetes sets for a service of this name is less."""


@dataclass(frozen=True)
class Home:
    """The folder that holds everything a programme's forecasts need."""

    path: Path

    @property
    def models(self) -> Path:
        """One folder a model version."""
        return self.path / "models"

    @property
    def store(self) -> Path:
        """The store's file, unless the environment names another place."""
        return self.path / "store.sqlite"

    @property
    def store_url(self) -> str:
        """The database of forecasts, histories, posted lines and keys."""
        return os.environ.get("TIERCAST_STORE") or sqlite_url(self.store)

    @property
    def has_store(self) -> bool:
        """Whether there is one, as far as can be told without asking."""
        return bool(os.environ.get("TIERCAST_STORE")) or self.store.is_file()

    @property
    def tracking_uri(self) -> str:
        """Where MLflow keeps runs, unless the environment names another place."""
        return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(self.path / 'mlflow.db').absolute()}"

    @property
    def artifacts(self) -> Path:
        """Where MLflow keeps files."""
        return self.path / "mlartifacts"


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file.

    >>> sqlite_url(Path("/srv/what?/store.sqlite"))
    'sqlite:////srv/what%3F/store.sqlite'
    """
    return f"sqlite:///{quote(str(path.absolute()))}"


@dataclass(frozen=True)
class Limits:
    """Most that one request may hold; how many ids and lines, its description says (serving.desk.asked)."""

    body_bytes: int = 8_000_000


@dataclass(frozen=True)
class Following:
    """What is served: a model version that is named, or the registry's champion; and how often it is looked for."""

    model: str | None = None
    every_s: float = 2.0


def home(path: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> Home:
    """The home folder: named, or from TIERCAST_HOME, or the default below the working directory."""
    return Home(Path(path or environment.get("TIERCAST_HOME") or DEFAULT_HOME))


def limits(environment: Mapping[str, str] = os.environ) -> Limits:
    """Limits from the environment.

    Raises
    ------
    ConfigError
        one is not a whole number above 0

    >>> limits({"TIERCAST_MAX_BODY_BYTES": "50"}).body_bytes
    50
    """
    return Limits(_positive(environment, "TIERCAST_MAX_BODY_BYTES", Limits().body_bytes))


def following(environment: Mapping[str, str] = os.environ) -> Following:
    """What is to be served.

    Raises
    ------
    ConfigError
        the time is not a whole number above 0

    >>> following({"TIERCAST_FOLLOW_SECONDS": "5"})
    Following(model=None, every_s=5)
    """
    return Following(environment.get("TIERCAST_MODEL") or None, _positive(environment, "TIERCAST_FOLLOW_SECONDS", 2))


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > 10 or not 1 <= int(text) <= _MOST:
        rule = f"{name} is a whole number above 0, and at most {_MOST}"
        raise ConfigError(rule, repr(text[:40]), f"set it to a number such as {default}")
    return int(text)


def misspelt(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Names that are nearly those of settings, and which was meant: they would be passed over in silence.

    >>> misspelt({"TIERCAST_RATES": "5", "TIERCAST_HOME": "data", "TIERCAST_SERVICE_PORT": "80"})
    {'TIERCAST_RATES': 'TIERCAST_RATE'}
    """
    others = [name for name in environment if name.startswith("TIERCAST") and name not in NAMES]
    near = {name: get_close_matches(name, NAMES, 1, _NEAR) for name in others}
    return {name: found[0] for name, found in near.items() if found}
