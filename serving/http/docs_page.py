"""The service's routes as one page: made from the OpenAPI description, without a script or another host."""

from __future__ import annotations

import json
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "code,pre{background:#f3f5f5;border-radius:4px;padding:.1em .3em}pre{padding:.8em;overflow:auto}"
    "h2{border-top:1px solid #ddd;padding-top:1rem}table{border-collapse:collapse}"
    "td{padding:.1rem 1rem .1rem 0;vertical-align:top}"
)


def docs_page(openapi: dict[str, Any]) -> str:
    """HTML from an OpenAPI description: each route with its parameters, an example request and its answers.

    >>> "<h2>" in docs_page({"info": {"title": "T"}, "paths": {"/a": {"get": {"responses": {}}}}})
    True
    """
    info = openapi["info"]
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])}</title><style>{_STYLE}</style>",
        f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('summary', ''))}</p>",
        "<p>For people: <a href=/desk>/desk</a>, whom to call first and why.</p>",
        "<p>Machine-readable: <a href=/openapi.json>/openapi.json</a>.</p>",
        "<p>Health: <code>/livez</code>, <code>/readyz</code>; metrics: <code>/metrics</code>.</p>",
    ]
    for path, methods in openapi["paths"].items():
        for method, route in methods.items():
            text = " ".join(route.get("description", "").split())
            parts.append(f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(text)}</p>")
            fields = [_parameter(parameter) for parameter in route.get("parameters", [])]
            parts.append(f"<table>{''.join(fields)}</table>" if fields else "")
            for schema in _requests(openapi, route):
                rows = [_row(name, field.get("description", "")) for name, field in schema.get("properties", {}).items()]
                parts.append(f"<p>{escape(schema.get('description', ''))}</p><table>{''.join(rows)}</table>")
                if "example" in schema:
                    parts.append(f"<pre>{escape(json.dumps(schema['example'], indent=1))}</pre>")
            answers = [_row(status, answer.get("description", "")) for status, answer in sorted(route["responses"].items())]
            parts.append(f"<p>Answers</p><table>{''.join(answers)}</table>")
    return "".join(parts)


def _requests(openapi: dict[str, Any], route: dict[str, Any]) -> list[dict[str, Any]]:
    """The kinds of body that a route takes."""
    content = route.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    known: dict[str, Any] = openapi.get("components", {}).get("schemas", {})
    kinds = content.get("oneOf", [content] if content else [])
    return [known.get(kind.get("$ref", "").rsplit("/", 1)[-1], {}) for kind in kinds]


def _parameter(parameter: dict[str, Any]) -> str:
    schema = parameter.get("schema", {})
    choices = ", ".join(map(str, schema.get("enum", []))) or schema.get("type", "")
    default = f", default {schema['default']}" if "default" in schema else ""
    return _row(parameter["name"], f"{choices}{default}")


def _row(name: str, text: str) -> str:
    return f"<tr><td><code>{escape(str(name))}</code><td>{escape(str(text))}"
