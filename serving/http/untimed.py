"""BentoML's time limit for requests, left out.

It makes a task and a timer for each request, and leaves the timer until the limit is over, also when the request has long
been answered: at 2,000 requests a second 60,000 of them, 40 MB. What may take long here has limits of its own: bodies in
``serving.http.body_limit``, large requests in ``serving.http.gate``, the database in ``serving.database.engine``.
"""

from __future__ import annotations

from serving.http.errors import App


def without_timers() -> None:
    """Leave it out of apps that BentoML makes from now on in this process; no setting does."""
    from bentoml._internal.server.http import traffic

    traffic.TimeoutMiddleware = _untimed


def _untimed(app: App, timeout: float) -> App:  # noqa: ARG001  # as BentoML calls it
    return app
