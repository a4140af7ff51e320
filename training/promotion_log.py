"""A promotion in the registry: the two models brought, the decision written down, the alias moved, and moved back."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from features.errors import ArtifactError, ConfigError
from training.artifact import load
from training.mlflow_adapter import fetch, registered, write
from training.mlflow_session import connected, experiment_id
from training.promotion import Decision
from training.recipe import Recipe
from training.registry import CHALLENGER, CHAMPION, champion_before, name_of, point, tag_version, take_back
from training.track import CHECKS_TAG, Metric, Parameter, Record, Text, metric_name

_TAG: Final = "tiercast.decision"


@dataclass(frozen=True)
class Contender:
    """A registered model that takes part: its number in the registry, its name, how it was made, which checks failed.

    ``checks`` is how many were run with its training.
    """

    number: str
    name: str
    recipe: Recipe
    failed_checks: tuple[str, ...]
    checks: int


def contender(alias: str, *, tracking_uri: str, models: Path) -> Contender:
    """The model that an alias points at.

    Raises
    ------
    NoModelError
        the alias points at nothing
    ArtifactError
        its files are damaged, or of a format that this release does not read
    """
    with registered(alias, tracking_uri=tracking_uri) as (_, found):
        number, checks = str(found.version), json.loads(found.tags.get(CHECKS_TAG, "{}"))
    try:
        name = fetch(alias, tracking_uri=tracking_uri, models=models)
        recipe = Recipe.of(load(models / name))
    except ArtifactError as error:
        fix = "train with this release, and name the new model with --alias champion"
        raise ArtifactError(f"the {alias} can be made again: {error.rule}", error.got, fix) from error
    return Contender(number, name, recipe, tuple(checks.get("failed", ())), int(checks.get("ran", 0)))


def contenders(*, tracking_uri: str, models: Path) -> tuple[Contender, Contender]:
    """Challenger and champion.

    Raises
    ------
    NoModelError, ArtifactError
    ConfigError
        one model has both aliases
    """
    champion = contender(CHAMPION, tracking_uri=tracking_uri, models=models)
    challenger = contender(CHALLENGER, tracking_uri=tracking_uri, models=models)
    if challenger.number == champion.number:
        raise ConfigError(
            "a challenger is another model than the champion", f"version {champion.number} for both", "train a challenger"
        )
    return challenger, champion


def log_decision(decision: Decision, challenger: str, champion: str, *, tracking_uri: str, artifacts: Path) -> str:
    """Write a decision to a run of its own and to the challenger's version; a promoted challenger becomes champion.

    Parameters
    ----------
    challenger, champion : their numbers in the registry

    Returns
    -------
    str
        the run's id

    Raises
    ------
    TrackingError
    """
    with connected(tracking_uri) as mlflow:
        identity = experiment_id(mlflow, tracking_uri, artifacts)
        tags = {"tiercast.kind": "promotion"}
        with mlflow.start_run(experiment_id=identity, run_name=f"promotion {decision.challenger}", tags=tags) as run:
            write(mlflow, str(run.info.run_id), _records(decision))
        tag_version(
            mlflow,
            challenger,
            {
                _TAG: "promoted" if decision.promoted else "refused",
                f"{_TAG}.at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                f"{_TAG}.against": champion,
                f"{_TAG}.run": str(run.info.run_id),
                f"{_TAG}.figures": json.dumps(decision.to_dict(), ensure_ascii=False),
            },
        )
        if decision.promoted:
            point(mlflow, CHAMPION, challenger)
        return str(run.info.run_id)


def roll_back(*, tracking_uri: str, dry_run: bool = False) -> tuple[str, str]:
    """Make the champion before this one champion again.

    Returns
    -------
    (str, str)
        names of the model that goes and of the one that is back

    Raises
    ------
    NoModelError
        there is none before it
    TrackingError
    """
    with registered(CHAMPION, tracking_uri=tracking_uri) as (mlflow, _):
        if dry_run:
            goes, comes = champion_before(mlflow)
            return name_of(goes), name_of(comes)
        return take_back(mlflow)


def _records(decision: Decision) -> Iterator[Record]:
    yield Parameter("challenger", decision.challenger)
    yield Parameter("champion", decision.champion)
    yield Parameter("decision", "promoted" if decision.promoted else "refused")
    yield Parameter("cutoffs", ", ".join(decision.cutoffs))
    yield Parameter("tolerance", decision.tolerance)
    yield Parameter("data_fingerprint", decision.data_fingerprint)
    for found in decision.changes:
        prefix = metric_name(found.target, "log loss")
        yield Metric(f"{prefix}/challenger", found.challenger)
        yield Metric(f"{prefix}/champion", found.champion)
        ends = {"": found.change.value, "/low": found.change.low, "/high": found.change.high}
        yield from (Metric(f"{prefix}/change{end}", value) for end, value in ends.items())
    yield Text("decision.json", json.dumps(decision.to_dict(), indent=1, ensure_ascii=False))
    yield Text("decision.txt", decision.to_text() + "\n")
