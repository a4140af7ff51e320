"""The BentoML service: routes mounted in it, what stands before them, nothing sent home."""

from __future__ import annotations

import os
from typing import Any

os.environ["BENTOML_DO_NOT_TRACK"] = "True"  # it sends usage data by default

import bentoml
from bentoml._internal.utils.analytics.usage_stats import do_not_track

from serving.assembly import assembled
from serving.http.memory import settle
from serving.http.straight import Straight
from serving.http.untimed import without_timers
from serving.settings import home

do_not_track.cache_clear()  # the bentoml command has asked before this module was loaded

without_timers()
SERVICE = assembled(home())
SERVICE.start()
settle()


# The mounted routes bypass BentoML's own handling of requests, which costs several times the answer itself. Its metrics
# would name each member's address in a series of its own.
@bentoml.service(
    name="tiercast",
    workers=1,
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": [".*"]},
)
@bentoml.asgi_app(SERVICE.routes, path="/")
class Tiercast:
    """Forecasts by member id and for histories sent, what-ifs, the desk's list, new transactions."""

    def __is_ready__(self) -> bool:
        """Ready when the store answers and the model forecasts; asked by /readyz."""
        return SERVICE.desk.ready()


# The decorator makes a Service of the class, which types cannot follow. The first one added is the outermost.
_service: Any = Tiercast
for _layer, _options in (*SERVICE.layers, (Straight, {"routes": SERVICE.routes, "posts": SERVICE.posts})):
    _service.add_asgi_middleware(_layer, **_options)
