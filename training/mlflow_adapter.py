"""The one place that writes runs to MLflow and brings models from its registry."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from features.errors import NoModelError
from training.artifact import FORMAT, Bundle, load, save
from training.mlflow_model import Answers, log_model
from training.mlflow_session import SQLITE, connected, experiment_id, shown
from training.registry import (
    FORMAT_TAG,
    MODEL,
    VERSION_TAG,
    alias_for_new,
    find,
    name_of,
    point,
    tag_version,
)
from training.track import Child, Metric, Parameter, Picture, Record, Tag, Text

_MOST: Final = {"metrics": 1000, "params": 100}
"""What MLflow takes at once."""


@dataclass(frozen=True)
class Registered:
    """Where a training went: its run, the number that the registry gave its model, the alias that points at it now."""

    run_id: str
    number: str
    alias: str


def log_training(
    records: Iterable[Record],
    bundle: Bundle,
    answers: Callable[[Bundle], Answers],
    *,
    tracking_uri: str,
    artifacts: Path,
    alias: str | None = None,
) -> Registered:
    """Write a run with its children, register its model and point an alias at it.

    Parameters
    ----------
    records : what the run is remembered by
    answers : how the model is to answer in MLflow; called where MLflow can be imported
    artifacts : folder for files, used when the experiment is new and no server keeps them
    alias : None gives the model the place of a challenger, or of the champion where there is none to challenge

    Raises
    ------
    TrackingError
    """
    with connected(tracking_uri) as mlflow:
        identity = experiment_id(mlflow, tracking_uri, artifacts)
        with mlflow.start_run(experiment_id=identity, run_name=bundle.version, tags={"tiercast.kind": "training"}) as run:
            tags = write(mlflow, str(run.info.run_id), records)
            with tempfile.TemporaryDirectory() as folder:
                model = log_model(mlflow, bundle, answers(bundle), Path(folder))
        with redirect_stderr(io.StringIO()):  # it talks
            number = str(mlflow.register_model(model.model_uri, MODEL).version)
        tag_version(mlflow, number, {VERSION_TAG: bundle.version, FORMAT_TAG: str(FORMAT), **tags})
        given = alias or alias_for_new(mlflow, bundle.version)
        point(mlflow, given, number)
        return Registered(str(run.info.run_id), number, given)


def fetch(alias: str, *, tracking_uri: str, models: Path) -> str:
    """Bring the model that an alias points at into the folder of models, if it is not there yet.

    Returns
    -------
    str
        its version, the name of its folder

    Raises
    ------
    NoModelError
        the alias points at nothing
    TrackingError, ArtifactError
    """
    with registered(alias, tracking_uri=tracking_uri) as (mlflow, found):
        name = name_of(found)
        if not (models / name).is_dir():
            with tempfile.TemporaryDirectory() as folder:
                path = mlflow.artifacts.download_artifacts(f"models:/{MODEL}@{alias}", dst_path=folder)
                (bundle,) = Path(path).glob("**/forecaster.json")
                save(load(bundle.parent), models / name)
        return name


@contextmanager
def registered(alias: str, *, tracking_uri: str) -> Iterator[tuple[Any, Any]]:
    """The module ``mlflow`` and the version that an alias points at.

    Raises
    ------
    NoModelError
        the alias points at nothing
    """
    absent = NoModelError(
        f"a registered model has the alias {alias!r}", "none in " + shown(tracking_uri), "train one with 'tiercast train'"
    )
    if tracking_uri.startswith(SQLITE) and not Path(tracking_uri.removeprefix(SQLITE)).is_file():
        raise absent  # asking MLflow would make the file
    with connected(tracking_uri) as mlflow:
        found = find(mlflow, alias)
        if found is None:
            raise absent
        yield mlflow, found


def write(mlflow: Any, run_id: str, records: Iterable[Record]) -> dict[str, str]:
    """Write records to a run; a child becomes a run of its own below it. Returns the tags."""
    client = mlflow.MlflowClient()
    figures: list[Any] = []
    settings: list[Any] = []
    tags: dict[str, str] = {}
    now = time.time_ns() // 1_000_000
    for record in records:
        if isinstance(record, Parameter):
            settings.append(mlflow.entities.Param(record.name, str(record.value)))
        elif isinstance(record, Metric):
            figures.append(mlflow.entities.Metric(record.name, record.value, now, 0))
        elif isinstance(record, Tag):
            tags[record.name] = record.value
            client.set_tag(run_id, record.name, record.value)
        elif isinstance(record, Text):
            client.log_text(run_id, record.content, record.name)
        elif isinstance(record, Picture):
            _draw(client, run_id, record)
        else:
            _child(mlflow, run_id, record)
    for kind, entries in (("metrics", figures), ("params", settings)):
        for start in range(0, len(entries), _MOST[kind]):
            client.log_batch(run_id, **{kind: entries[start : start + _MOST[kind]]})
    return tags


def _child(mlflow: Any, parent_id: str, child: Child) -> None:
    client = mlflow.MlflowClient()
    experiment = client.get_run(parent_id).info.experiment_id
    run = client.create_run(experiment, run_name=child.name, tags={"mlflow.parentRunId": parent_id})
    status = "FAILED"
    try:
        write(mlflow, run.info.run_id, child.records)
        status = "FINISHED"
    finally:
        client.set_terminated(run.info.run_id, status)


def _draw(client: Any, run_id: str, picture: Picture) -> None:
    import matplotlib.pyplot as plt

    client.log_figure(run_id, picture.figure, f"plots/{picture.name}.png")
    plt.close(picture.figure)
