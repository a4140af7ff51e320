"""The service's own figures for Prometheus: requests, forecasts given, the age of the data, the champion and its changes.

A process counts what it answered itself. Where several worker processes share a port, each scrape reaches one of them:
``tiercast_process_info`` says which, and sums over workers need a port for each, or one worker a container.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from features.zones import zone_of
from serving.desk.champion import Champion
from serving.desk.following import Desk

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
P_CHURN: Final = tuple(i / 20 for i in range(1, 21))
NO_TIER: Final = "none"
_METHODS: Final = frozenset({"GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH"})
_Key = TypeVar("_Key")
_Child = TypeVar("_Child")


class Metrics:
    """Counters of one process, and how they are written down.

    Parameters
    ----------
    desk : says at each scrape what is served and what was seen
    clock : seconds since 1970-01-01 UTC
    """

    def __init__(self, desk: Desk, clock: Callable[[], float] = time.time) -> None:
        self._registry = CollectorRegistry()
        requests = Counter("tiercast_requests", "Requests answered", ["route", "method", "status"], registry=self._registry)
        seconds = Histogram(
            "tiercast_request_seconds", "Time to the answer", ["route"], buckets=SECONDS, registry=self._registry
        )
        forecasts = Counter(
            "tiercast_forecasts",
            "Forecasts given, by the tier held and the tier most likely held next",
            ["held", "next"],
            registry=self._registry,
        )
        refusals = Counter(
            "tiercast_refusals", "Requests sent away before they were looked at", ["reason"], registry=self._registry
        )
        self._stale = Counter(
            "tiercast_stale_refreshes",
            "Stored forecasts made anew, for lines posted since",
            registry=self._registry,
        )
        self._requests = _Children[tuple[str, str, int], Counter](lambda key: requests.labels(*key[:2], f"{key[2]}xx"))
        self._seconds = _Children[str, Histogram](seconds.labels)
        self._forecasts = _Children[tuple[str | None, str | None], Counter](
            lambda key: forecasts.labels(key[0] or NO_TIER, key[1] or NO_TIER)
        )
        self._refusals = _Children[str, Counter](refusals.labels)
        self._p_churn = _Spread("tiercast_p_churn", "Probabilities of leaving given", P_CHURN)
        self._registry.register(self._p_churn)
        self._registry.register(_Now(desk, clock))
        Gauge("tiercast_process_info", "The process that answered", ["pid"], registry=self._registry).labels(
            os.getpid()
        ).set(1)
        ProcessCollector(registry=self._registry)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """An answered request.

        Parameters
        ----------
        route : its template, as in ``/v1/members/{id}``: an id in it would be a series for each member
        seconds : from its arrival to its answer
        """
        self._requests[route, method if method in _METHODS else "other", status // 100].inc()
        self._seconds[route].observe(seconds)

    def forecast(self, p_churn: float, held: str | None, likely: str | None) -> None:
        """A forecast that was given: its tiers by name, None where there is none."""
        self._forecasts[held, likely].inc()
        self._p_churn.add((p_churn,))

    def forecasts(self, p_churn: Sequence[float], tiers: Mapping[tuple[str | None, str | None], int]) -> None:
        """Many forecasts that were given in one answer; how many of each pair of the tier held and the likeliest next."""
        for pair, count in tiers.items():
            self._forecasts[pair].inc(count)
        self._p_churn.add(p_churn)

    def refusal(self, reason: str) -> None:
        """A request that was sent away: ``rate`` by a caller's limit, ``overload`` by a full queue."""
        self._refusals[reason].inc()

    def refreshed(self, count: int = 1) -> None:
        """Stale forecasts that were made anew."""
        self._stale.inc(count)

    def render(self) -> bytes:
        """All of them in Prometheus' text format (``CONTENT_TYPE``)."""
        return generate_latest(self._registry)


class _Children(dict[_Key, _Child]):
    """Children by their labels, each made once: the library's own look-up takes ten times as long."""

    def __init__(self, make: Callable[[_Key], _Child]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: _Key) -> _Child:
        return self.setdefault(key, self._make(key))


class _Spread(Collector):
    """A histogram that takes many values at once."""

    def __init__(self, name: str, text: str, bounds: Sequence[float]) -> None:
        self._name, self._text, self._bounds = name, text, bounds
        self._counts, self._sum = [0] * (len(bounds) + 1), 0.0
        self._lock = threading.Lock()

    def add(self, values: Sequence[float]) -> None:
        places = [bisect_left(self._bounds, value) for value in values]
        total = sum(values)
        with self._lock:
            for place in places:
                self._counts[place] += 1
            self._sum += total

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            counts, total = list(self._counts), self._sum
        ends = [*map(str, self._bounds), "+Inf"]
        buckets = [(end, float(count)) for end, count in zip(ends, accumulate(counts), strict=True)]
        yield HistogramMetricFamily(self._name, self._text, buckets, total)


class _Now(Collector):
    """What is served, how old it is, and what the follower saw."""

    def __init__(self, desk: Desk, clock: Callable[[], float]) -> None:
        self._desk, self._clock = desk, clock

    def collect(self) -> Iterator[Metric]:
        champion, status = self._desk.champion, self._desk.status
        if champion is not None:
            yield from self._of(champion)
        gauges = {
            "waiting": ("1 while the champion has no complete generation that can be served", status.waiting),
            "store_up": ("1 while the database answers", status.store_up),
            "registry_up": ("1 while the model registry answers, or none is followed", status.registry_up),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(f"tiercast_{name}", text, float(value))
        counts = {
            "swaps": ("Times that another generation was taken up", status.swaps),
            "refused_generations": ("Generations that were tried and not taken up", status.refused),
            "store_away": ("Looks at the database that failed", status.store_away),
            "registry_away": ("Looks at the model registry that failed", status.registry_away),
        }
        for name, (text, count) in counts.items():
            yield CounterMetricFamily(f"tiercast_{name}", text, float(count))

    def _of(self, champion: Champion) -> Iterator[Metric]:
        generation, now = champion.generation, self._clock()
        info = GaugeMetricFamily("tiercast_champion_info", "What is served", labels=["version", "as_of", "generation"])
        info.add_metric([generation.model_version, generation.as_of.isoformat(), str(generation.id)], 1.0)
        yield info
        zone = zone_of(champion.forecaster.settings.time_zone)
        as_of = dt.datetime.combine(generation.as_of, dt.time(), zone).timestamp()
        yield GaugeMetricFamily("tiercast_data_age_seconds", "Since the as-of date began", now - as_of)
        filled = champion.filled_at.timestamp()
        yield GaugeMetricFamily("tiercast_generation_age_seconds", "Since the generation was filled", now - filled)
