from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any

import pytest
from homes import Shop
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from served import fill, opened

from serving.database.engine import open_engine
from serving.desk.champion import Champion
from serving.desk.following import Desk, Status
from serving.desk.metrics import CONTENT_TYPE, P_CHURN, Metrics

NOW = dt.datetime(2020, 9, 1, 12, tzinfo=dt.UTC).timestamp()


def read(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def of(metrics: Metrics, name: str, **labels: str) -> float:
    return read(metrics)[f"tiercast_{name}", tuple(sorted(labels.items()))]


@pytest.fixture(scope="module")
def idle() -> Desk:
    return Desk(open_engine("sqlite://"), "")


def test_requests_by_route_method_and_status(idle: Desk) -> None:
    metrics = Metrics(idle)
    for status, seconds in ((200, 0.0005), (204, 0.03), (404, 7.0), (500, 70.0)):
        metrics.request("/v1/members/{id}", "GET", status, seconds)
    metrics.request("/v1/members/{id}", "M-0815", 200, 0.0)
    labels = {"route": "/v1/members/{id}", "method": "GET"}
    assert of(metrics, "requests_total", **labels, status="2xx") == 2
    assert of(metrics, "requests_total", **labels, status="4xx") == 1
    assert of(metrics, "requests_total", **labels, status="5xx") == 1
    assert of(metrics, "requests_total", **labels | {"method": "other"}, status="2xx") == 1
    route = {"route": labels["route"]}
    assert [of(metrics, "request_seconds_bucket", **route, le=le) for le in ("0.001", "0.05", "10.0", "+Inf")] == [
        2,
        3,
        4,
        5,
    ]
    assert of(metrics, "request_seconds_sum", **route) == pytest.approx(77.0305)
    assert b"M-0815" not in metrics.render()


def test_forecasts_by_tiers(idle: Desk) -> None:
    metrics = Metrics(idle)
    metrics.forecast(0.3, "Gold", "Silver")
    metrics.forecasts([0.1, 0.2, 0.3], {("Gold", "Silver"): 1, (None, None): 1, ("Gold", "Gold"): 1})
    assert of(metrics, "forecasts_total", held="Gold", next="Silver") == 2
    assert of(metrics, "forecasts_total", held="Gold", next="Gold") == 1
    assert of(metrics, "forecasts_total", held="none", next="none") == 1


@given(st.lists(st.floats(0.0, 1.0), max_size=40), st.integers(0, 40))
def test_probabilities_fall_into_their_buckets(idle: Desk, given_: list[float], cut: int) -> None:
    metrics = Metrics(idle)
    metrics.forecasts(given_[:cut], {(None, None): len(given_[:cut])})
    for p_churn in given_[cut:]:
        metrics.forecast(p_churn, None, None)
    found = read(metrics)
    for bound in P_CHURN:
        assert found["tiercast_p_churn_bucket", (("le", str(bound)),)] == sum(p <= bound for p in given_)
    assert found["tiercast_p_churn_bucket", (("le", "+Inf"),)] == found["tiercast_p_churn_count", ()] == len(given_)
    assert found["tiercast_p_churn_sum", ()] == pytest.approx(sum(given_))


def test_refusals_and_refreshes(idle: Desk) -> None:
    metrics = Metrics(idle)
    metrics.refusal("rate")
    metrics.refusal("overload")
    metrics.refusal("overload")
    metrics.refreshed()
    metrics.refreshed(3)
    assert of(metrics, "refusals_total", reason="overload") == 2
    assert of(metrics, "refusals_total", reason="rate") == 1
    assert of(metrics, "stale_refreshes_total") == 4


def test_the_champion_and_its_age(shop: Shop, tmp_path: Path) -> None:
    engine = opened(tmp_path)
    generation = fill(engine, shop)
    desk = Desk(engine, "")
    metrics = Metrics(desk, clock=lambda: NOW)
    assert b"tiercast_champion_info{" not in metrics.render()
    made_at = dt.datetime(2020, 9, 1, 11, tzinfo=dt.UTC)
    desk.champion = Champion(generation, shop.forecaster, shop.layout, made_at)
    labels = {"version": shop.layout.model_version, "as_of": "2020-08-28", "generation": str(generation.id)}
    assert of(metrics, "champion_info", **labels) == 1
    assert of(metrics, "data_age_seconds") == 4.5 * 86400
    assert of(metrics, "generation_age_seconds") == 3600


@pytest.mark.parametrize(
    ("name", "status", "value"),
    [
        ("waiting", Status(), 0),
        ("waiting", Status(waiting=True), 1),
        ("store_up", Status(), 1),
        ("store_up", Status(store_up=False), 0),
        ("registry_up", Status(registry_up=False), 0),
        ("swaps_total", Status(swaps=3), 3),
        ("refused_generations_total", Status(refused=2), 2),
        ("store_away_total", Status(store_away=5), 5),
        ("registry_away_total", Status(registry_away=6), 6),
    ],
)
def test_what_the_desk_saw(name: str, status: Status, value: float) -> None:
    desk = Desk(open_engine("sqlite://"), "")
    desk.status = status
    assert of(Metrics(desk), name) == value


def test_nothing_is_lost_between_threads(idle: Desk) -> None:
    metrics = Metrics(idle)

    def ask(name: str) -> None:
        for i in range(500):
            metrics.request(f"/{i % 5}", "GET", 200, 0.001)
            metrics.forecast(0.5, name, None)

    threads = [threading.Thread(target=ask, args=(str(i),)) for i in range(8)]
    for thread in threads:
        thread.start()
    metrics.render()
    for thread in threads:
        thread.join(30)
    found: dict[Any, float] = read(metrics)
    assert sum(value for (name, _), value in found.items() if name == "tiercast_requests_total") == 4000
    assert sum(value for (name, _), value in found.items() if name == "tiercast_forecasts_total") == 4000
    assert found["tiercast_p_churn_count", ()] == 4000


def test_two_services_in_a_process_count_apart(idle: Desk) -> None:
    first, second = Metrics(idle), Metrics(idle)
    first.refreshed()
    assert (of(first, "stale_refreshes_total"), of(second, "stale_refreshes_total")) == (1, 0)


def test_the_process_is_named(idle: Desk) -> None:
    assert b"process_resident_memory_bytes" in Metrics(idle).render()
    assert b"tiercast_process_info{pid=" in Metrics(idle).render()
    assert CONTENT_TYPE.startswith("text/plain; version=")
