from __future__ import annotations

import re
from html import unescape

import orjson
from homes import Demo, Shop, app

from serving.http.docs_page import docs_page


def test_the_page_holds_every_route_with_its_answers(shop: Shop) -> None:
    client = app(shop.home.path)
    page, openapi = client.get("/docs"), client.get("/openapi.json").json()
    assert page.headers["content-type"].startswith("text/html")
    text = unescape(page.text)
    for path, methods in openapi["paths"].items():
        for method, route in methods.items():
            assert f"{method.upper()} {path}" in text
            assert " ".join(route["description"].split()) in text
    assert {"/v1/forecast", "/v1/what-if", "/v1/members", "/v1/transactions"} < set(openapi["paths"])
    assert client.get("/").text == page.text


def test_the_page_needs_no_script_and_no_other_host(shop: Shop) -> None:
    page = app(shop.home.path).get("/docs").text
    assert "<script" not in page
    assert re.findall(r"(?:src|href)=[\"']?(?!/)", page) == []
    assert "http:" not in page
    assert "https:" not in page


def test_the_examples_on_the_page_are_answered(demo: Demo) -> None:
    client = demo.client
    page = client.get("/docs").text
    examples = [orjson.loads(unescape(text)) for text in re.findall(r"<pre>(.*?)</pre>", page, re.S)]
    for name, path in {"histories": "/v1/forecast", "ids": "/v1/forecast", "trials": "/v1/what-if"}.items():
        example = next(example for example in examples if name in example)
        answer = client.post(path, json=example)
        assert answer.status_code == 200, answer.text
    assert any("lines" in example for example in examples)  # posted where it may be kept (test_openapi)


def test_what_comes_from_elsewhere_is_escaped() -> None:
    page = docs_page(
        {
            "info": {"title": "<b>", "summary": "&"},
            "paths": {
                "/<a>": {
                    "get": {
                        "description": "<i>",
                        "parameters": [{"name": "<p>", "schema": {"enum": ["<e>"], "default": "<d>"}}],
                        "responses": {"200": {"description": "<r>"}},
                    }
                }
            },
        }
    )
    for raw in ("<b>", "<a>", "<i>", "<e>", "<d>", "<r>"):
        assert raw not in page
    assert "&lt;i&gt;" in page
