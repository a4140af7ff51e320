"""The routes asked straight away: BentoML's own layers before them cost more than a look-up, and do nothing for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from serving.http.errors import App, Receive, Scope, Send

_OURS: Final = ("/v1/", "/metrics", "/docs", "/openapi.json", "/desk")


class Straight:
    """ASGI middleware, the innermost: our routes' requests go to them, BentoML's own (health, say) to BentoML.

    Parameters
    ----------
    routes : the app that is mounted in the service
    posts : those of its routes that take a body and answer by themselves, by path
    """

    def __init__(self, app: App, routes: App, posts: Mapping[str, App]) -> None:
        self.app = app
        self.routes = routes
        self.posts = posts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = self.app
        if scope["type"] == "http":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            if path.startswith(_OURS):
                asked = self.posts.get(path, self.routes) if scope["method"] == "POST" else self.routes
        await asked(scope, receive, send)
