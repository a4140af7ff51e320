"""A model's reference, from where it is: the home, or the run that trained the model; or made anew from the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from features.errors import ArtifactError, TrackingError
from features.histories import Histories
from serving.settings import Home
from serving.watch.kept import read_reference, write_reference
from training.artifact import load, to_forecaster
from training.provenance import FIGURES, provenance
from training.reference import REFERENCE_FILE, Reference
from training.sightings import make_reference

if TYPE_CHECKING:
    from training.scoreboard import Score

HOW: Final = "make one from its training log with 'tiercast watch --make-reference'"


def find_reference(place: Home, version: str) -> Reference | None:
    """A model's reference: from the home, else from MLflow, and then kept in the home; None where neither has it.

    Raises
    ------
    ArtifactError
        it is damaged
    TrackingError
    """
    found = read_reference(place.path, version)
    if found is None and (text := _from_run(place.tracking_uri, version)) is not None:
        found = Reference.from_json(text, f"{REFERENCE_FILE} of the model's run")
        write_reference(place.path, found)
    return found


def readable_reference(place: Home, version: str, say: Callable[[str], None]) -> Reference | None:
    """The same; None, too, and a word of it, where it is damaged or out of reach."""
    try:
        return find_reference(place, version)
    except (ArtifactError, TrackingError) as error:
        say(f"this run is not compared with its model's training: {error}")
        return None


def held_out(scores: list[Score]) -> dict[str, tuple[float, float | None, float | None]]:
    """What a training's scores say, over all held-out horizons, by the names of training.provenance."""
    from training.backtest import OURS

    together = [score for score in scores if score.cutoff == "all"] or scores
    found = {}
    for name, (target, metric) in FIGURES.items():
        for score in together:
            if (score.target, score.metric, score.model) == (
                target,
                metric,
                OURS,
            ) and score.estimate.value == score.estimate.value:
                estimate = score.estimate
                found[name] = (estimate.value, _plain(estimate.low), _plain(estimate.high))
    return found


def remake(place: Home, version: str, histories: Histories, refused: Mapping[str, int] | None) -> Reference:
    """Make a model's reference from a log, as that was known on the date that the model was trained for, and keep it.

    Raises
    ------
    NoModelError, ArtifactError, TrackingError
    ColumnError, ConfigError, CutoffError
        the log is not like the one that the model was trained on
    """
    figures = provenance(version, tracking_uri=place.tracking_uri).figures
    forecaster = to_forecaster(load(place.models / version))
    plain = {name: (figure.value, figure.low, figure.high) for name, figure in figures.items()}
    reference = make_reference(forecaster, version, histories, refused=refused, figures=plain)
    write_reference(place.path, reference)
    return reference


def _plain(number: float) -> float | None:
    return number if number == number else None  # noqa: PLR0124  (NaN is not itself)


def _from_run(tracking_uri: str, version: str) -> str | None:
    from training.mlflow_session import SQLITE, connected

    if tracking_uri.startswith(SQLITE) and not Path(tracking_uri.removeprefix(SQLITE)).is_file():
        return None  # asking MLflow would make the file
    run_id = provenance(version, tracking_uri=tracking_uri).run_id
    if run_id is None:
        return None
    with connected(tracking_uri) as mlflow:
        files = {file.path for file in mlflow.MlflowClient().list_artifacts(run_id)}
        return str(mlflow.artifacts.load_text(f"runs:/{run_id}/{REFERENCE_FILE}")) if REFERENCE_FILE in files else None
