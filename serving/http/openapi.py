"""The description of the service: what FastAPI makes of the routes, and who may call them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from serving.http.permissions import permission


def described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, made once: each route with the scopes of which a key needs one."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        found["components"]["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "bearerFormat": "tc_<id>_<secret>"}
        }
        for path, methods in found["paths"].items():
            for method, route in methods.items():
                needed = permission(method.upper(), path)
                if needed is not None and not needed.open:
                    route["security"] = [{"key": []}]
                    scopes = " or ".join(sorted(needed.scopes))
                    route["description"] = f"{route.get('description', '')}\n\nScope: {scopes}."
        app.openapi_schema = found
    return app.openapi_schema
