"""The description is what is served: asked by it, in and out of its bounds, the service answers as it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from homes import Shop, app, copied_store, service
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from serving.http.permissions import PERMISSIONS, SCOPES
from serving.privacy.keys import make


@pytest.fixture(scope="module")
def described(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The service over a copy of the shop's store, since what is asked may post and erase."""
    place = tmp_path_factory.mktemp("described")
    made = service(copied_store(shop.home, place), with_keys=True)
    assert made.keys is not None
    _, key = make(made.desk.engine, "whoever reads the description", SCOPES)
    made.keys.refresh()
    config = schemathesis.Config.from_dict(
        {
            # A line of a day that the batch knows, or a tier that the policy has not: described, and refused with 409.
            "auth": {"openapi": {"key": {"bearer": key}}},
            "checks": {"positive_data_acceptance": {"expected-statuses": [200, 404, 409]}},
        }
    )

    yield schemathesis.openapi.from_asgi("/openapi.json", made.app, config=config)
    made.desk.engine.dispose()


OPERATIONS = sorted(
    (method, path.replace("{id}", "{customer_id}")) for method, path in PERMISSIONS if path.startswith("/v1")
)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_the_description_allows_or_forbids(described: Any, method: str, path: str, mode: GenerationMode) -> None:
    operation = described[path][method]

    @settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None, database=None)
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate()

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # a route without a body or parameters forbids nothing


def test_every_route_is_described_with_its_scopes(shop: Shop) -> None:
    found = app(shop.home.path).get("/openapi.json").json()
    described = {(method.upper(), path) for path, methods in found["paths"].items() for method in methods}
    served = {(method, path.replace("{id}", "{customer_id}")) for method, path in PERMISSIONS if path.startswith("/v1")}
    assert described == served
    for methods in found["paths"].values():
        for route in methods.values():
            assert route["security"] == [{"key": []}]
            assert "Scope: " in route["description"]


def test_the_examples_on_the_page_work(shop: Shop, tmp_path: Path) -> None:
    client = app(shop.home.path)
    found = client.get("/openapi.json").json()
    for path, methods in found["paths"].items():
        body = (
            methods.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        )
        for schema in body.get("oneOf", [body] if body else []):
            example = found["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]["example"]
            answer = client.post(path, json=example)
            # The example is Complete Journey's: its dates and members are not the shop's.
            assert answer.status_code in (200, 404, 409), (path, answer.text)
