"""What stands before the routes, in its order, and its settings.

=========================  ==========  =====================================================================================
variable                   default     meaning
=========================  ==========  =====================================================================================
TIERCAST_WITHOUT_KEYS      0           1: no keys, and this machine alone is answered
TIERCAST_RATE              0           requests a second of one key; 0 sets no limit
TIERCAST_BURST             2 x rate    requests of one key at once
TIERCAST_QUEUE             128         requests that wait for their turn; beyond, some are answered with 503
TIERCAST_LOG               errors      lines of log: off, errors (answers of 400 and above) or all
TIERCAST_LOG_SALT          random      key of members' pseudonyms in the log, at least 32 characters; random: new each start
TIERCAST_ERASURE_SECRET    a file      key of erasure marks, at least 32 characters (serving.privacy.pseudonyms)
=========================  ==========  =====================================================================================
"""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from features.errors import ConfigError
from serving.desk.metrics import Metrics
from serving.http.access import Access, without_keys
from serving.http.body_limit import BodyLimit
from serving.http.door import Door
from serving.http.errors import App, OneShape
from serving.http.gate import MOST_WAITING, Admission, Gate
from serving.http.headers import Headers
from serving.http.rate_limit import RateLimit
from serving.http.request_log import RequestLog, Wanted
from serving.privacy.keys import Keyring
from serving.privacy.pseudonyms import checked
from serving.settings import misspelt

Layer = tuple[Any, dict[str, Any]]
_LEAST_RATE: Final = 0.001
"""Requests a second: one in a quarter of an hour."""
_SALT: Final = "TIERCAST_LOG_SALT"


@dataclass(frozen=True)
class Protection:
    """Settings of what stands before the routes."""

    with_keys: bool = True
    rate: float = 0.0
    burst: float = 0.0
    queue: int = MOST_WAITING
    log: Wanted = "errors"
    log_salt: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)


def protection(environment: Mapping[str, str] = os.environ) -> Protection:
    """Settings from the environment.

    Raises
    ------
    ConfigError
        one is out of its range, or a name nearly that of one

    >>> protection({"TIERCAST_RATE": "50"}).burst
    100.0
    """
    for wrong, meant in misspelt(environment).items():
        raise ConfigError("a setting has the name of one", wrong, f"name it {meant}, or leave it out")
    rate = _number(environment, "TIERCAST_RATE", 0.0)
    if 0 < rate < _LEAST_RATE:
        raise ConfigError(f"TIERCAST_RATE is 0 or at least {_LEAST_RATE}", repr(rate), "0 sets no limit")
    burst = _number(environment, "TIERCAST_BURST", max(2 * rate, 1.0))
    queue = _number(environment, "TIERCAST_QUEUE", MOST_WAITING)
    if burst < 1 or queue < 1 or not queue.is_integer():
        raise ConfigError("TIERCAST_BURST and TIERCAST_QUEUE are at least 1", "less, or a part", "leave them out")
    log = environment.get("TIERCAST_LOG") or "errors"
    if log not in get_args(Wanted):
        raise ConfigError("TIERCAST_LOG is off, errors or all", repr(log), "leave it out for 'errors'")
    salt = environment.get(_SALT)
    given = {} if salt is None else {"log_salt": checked(_SALT, salt)}
    wanted: Any = log
    return Protection(not without_keys(environment), rate, burst, int(queue), wanted, **given)


def layers(
    chosen: Protection, keys: Keyring | None, gate: Gate, body_bytes: int, metrics: Metrics | None = None
) -> Sequence[Layer]:
    """The middlewares with their arguments, outermost first.

    The log sees every answer; what is cheap and refuses comes before what costs: keys, then the rate, then the body. That is
    read before a turn is asked for, so that a slow sender holds up nobody.
    """
    door: Sequence[Layer] = () if metrics is None else ((Door, {"gate": gate, "metrics": metrics}),)
    return (
        *door,
        (RequestLog, {"wanted": chosen.log, "salt": chosen.log_salt, "metrics": metrics}),
        (Headers, {}),
        (OneShape, {}),
        (Access, {"keys": keys}),
        (RateLimit, {"rate": chosen.rate, "burst": chosen.burst}),
        (BodyLimit, {"most": body_bytes}),
        (Admission, {"gate": gate}),
    )


def wrapped(app: App, around: Sequence[Layer]) -> App:
    """An app within layers."""
    for layer, options in reversed(around):
        app = layer(app, **options)
    return app


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ConfigError(f"{name} is a number of 0 or more", repr(text), f"leave it out for {default:g}")
    return value
