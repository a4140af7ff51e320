"""The figures of watched runs in MLflow: one MLflow run a model, each figure a curve over days."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from features.snapshot import to_day
from serving.watch.runs import Run
from serving.watch.verdicts import Seen

KIND: Final = "watch"
SCORED, JUDGED = "scored", "judged"
_MOST: Final = 1000
_DAY_MS: Final = 24 * 3600 * 1000


def log_watch(seen: Sequence[Seen], *, tracking_uri: str, artifacts: Path) -> list[Run]:
    """Write what MLflow does not have yet; the runs as they are to be kept, which know that it does.

    A figure's step is the day number of the as-of date, its time that day.

    Raises
    ------
    TrackingError
    """
    from training.mlflow_session import connected, experiment_id

    new = [each for each in seen if set(_stages(each.run)) - set(each.run.logged)]
    if not new:
        return []
    with connected(tracking_uri) as mlflow:
        experiment = experiment_id(mlflow, tracking_uri, artifacts)
        client = mlflow.MlflowClient()
        for version in dict.fromkeys(each.run.version for each in new):
            run_id = _run_of(client, experiment, version)
            of_model = [each for each in new if each.run.version == version]
            figures = [metric for each in of_model for metric in _metrics(mlflow, each)]
            for start in range(0, len(figures), _MOST):
                client.log_batch(run_id, metrics=figures[start : start + _MOST])
            client.set_terminated(run_id)
    return [replace(each.run, logged=_stages(each.run)) for each in new]


def _stages(run: Run) -> tuple[str, ...]:
    return (SCORED,) if run.outcome is None else (SCORED, JUDGED)


def _run_of(client: Any, experiment: str, version: str) -> str:
    """The MLflow run of a model's watch, made if it is new."""
    wanted = f"tags.`tiercast.kind` = '{KIND}' and tags.`tiercast.version` = '{version}'"
    found = client.search_runs([experiment], wanted, max_results=1)
    if found:
        return str(found[0].info.run_id)
    tags = {"tiercast.kind": KIND, "tiercast.version": version}
    return str(client.create_run(experiment, run_name=f"watch {version}", tags=tags).info.run_id)


def _metrics(mlflow: Any, each: Seen) -> Iterator[Any]:
    step = to_day(each.run.as_of)
    for name, value in figures(each):
        if math.isfinite(value):
            yield mlflow.entities.Metric(name, float(value), step * _DAY_MS, step)


def figures(each: Seen) -> Iterator[tuple[str, float]]:
    """What MLflow does not have of a run yet, by name: no id, and nothing of a single member."""
    from training.track import metric_name

    run = each.run
    if SCORED not in run.logged:
        yield "members", float(run.members)
        yield "alerts", float(len(each.alerts))
        for name, mean in run.means.items():
            yield metric_name("mean", name), mean
        for moved in each.moved:
            yield metric_name("moved", moved.name), moved.index
            yield metric_name("moved by its limit", moved.name), moved.pace
    if run.outcome is not None and JUDGED not in run.logged:
        yield "judged/alerts", float(len(each.judged_alerts))
        for name, estimate in run.outcome.figures.items():
            for end in ("value", "low", "high"):
                yield metric_name("judged", name, *(() if end == "value" else (end,))), getattr(estimate, end)
