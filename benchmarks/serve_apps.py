"""Two plain servers for bench_serve.py: our score and reasons of rows in memory under Starlette, and a constant answer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from serve_home import AS_OF
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from features.feature import Feature
from features.snapshot import to_day
from serving.forecast.reasons import top_reasons
from training.artifact import load, to_forecaster
from training.churn import probability
from training.terms import TERMS, Term, terms

_CONSTANT = b'{"ok":true}'


def _app() -> Starlette:
    home = Path(os.environ["TIERCAST_BENCH_HOME"])
    forecaster = to_forecaster(load(next(home.glob("models/*"))))
    known = np.load(home / "rows.npz")
    x, log_none, log_some = known["x"], known["log_none"], known["log_some"]
    churn, cutoff = forecaster.churn, to_day(AS_OF)
    explained: tuple[Feature | Term, ...] = (*forecaster.features, *TERMS)

    async def forecast(request: Request) -> Response:
        answers = []
        for member in orjson.loads(await request.body())["ids"]:
            at = slice(member % len(x), member % len(x) + 1)
            row = x[at], log_none[at], log_some[at]
            p_churn = float(probability(churn.log_odds(*row, cutoff))[0])
            values = np.concatenate([x[at][0], terms(log_some[at], churn.season.above_usual(cutoff))[0]])
            contributions = churn.contributions(*row, cutoff)[0]
            reasons = top_reasons(explained, values, contributions, most=3, language="en")
            answers.append({"id": member, "p_churn": p_churn, "reasons": [reason._asdict() for reason in reasons]})
        return Response(orjson.dumps({"forecasts": answers}), media_type="application/json")

    return Starlette(routes=[Route("/v1/forecast", forecast, methods=["POST"])])


async def bare(scope: Any, _: Any, send: Any) -> None:
    """The least that an ASGI server can be asked to do."""
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_CONSTANT))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _CONSTANT})


app = _app()
