"""The BentoML service: routes mounted in it, errors in one shape, nothing sent home."""

from __future__ import annotations

import os
from typing import Any

os.environ["BENTOML_DO_NOT_TRACK"] = "True"  # it sends usage data by default

import bentoml
from bentoml._internal.utils.analytics.usage_stats import do_not_track

from serving.body_limit import BodyLimit
from serving.desk import Desk
from serving.errors import OneShape
from serving.routes import create_app
from serving.settings import home, limits

do_not_track.cache_clear()  # the bentoml command has asked before this module was loaded

DESK = Desk(home())
LIMITS = limits()


# The mounted routes bypass BentoML's own handling of requests, which costs twice the time of the answer itself.
@bentoml.service(
    name="tiercast",
    workers=1,
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": [".*"]},
    traffic={"timeout": 30},
)
@bentoml.asgi_app(create_app(DESK, LIMITS), path="/")
class Tiercast:
    """Forecasts by member id, and for histories sent in the request."""

    def __is_ready__(self) -> bool:
        """Ready when there is a store and its model; asked by /readyz."""
        return DESK.ready()


# The decorator makes a Service of the class, which types cannot follow. The first one added is the outermost.
_service: Any = Tiercast
_service.add_asgi_middleware(OneShape)
_service.add_asgi_middleware(BodyLimit, most=LIMITS.body_bytes)
