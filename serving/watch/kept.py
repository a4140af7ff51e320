"""Where runs are kept: a folder a model in the home.

::

    watch/<model version>/reference.json       what the model's runs are compared with (training.reference)
                          <as-of>.json         a run (serving.watch.runs)
                          <as-of>.parquet      what was forecast of each member (serving.watch.told)
"""

from __future__ import annotations

from pathlib import Path

from features.errors import ArtifactError
from features.files import written_whole
from serving.watch.runs import Run
from serving.watch.told import FOLDER, place_of
from training.reference import REFERENCE_FILE, Reference


def write_run(home: Path, run: Run) -> None:
    """Keep a run, in place of the one of the same model and date."""
    with written_whole(place_of(home, run.version, run.as_of)) as partial:
        partial.write_text(run.to_json(), encoding="utf-8")


def read_runs(home: Path) -> list[Run]:
    """All runs, oldest first.

    Raises
    ------
    ArtifactError
        one is damaged
    """
    paths = (path for path in (home / FOLDER).glob("*/*.json") if path.name != REFERENCE_FILE)
    runs = [Run.from_json(_text(path), str(path)) for path in paths]
    return sorted(runs, key=lambda run: (run.as_of, run.version))


def write_reference(home: Path, reference: Reference) -> Path:
    """Keep a model's reference; where it lies."""
    path = home / FOLDER / reference.version / REFERENCE_FILE
    with written_whole(path) as partial:
        partial.write_text(reference.to_json(), encoding="utf-8")
    return path


def read_reference(home: Path, version: str) -> Reference | None:
    """A model's reference, None where there is none.

    Raises
    ------
    ArtifactError
        it is damaged
    """
    path = home / FOLDER / version / REFERENCE_FILE
    return Reference.from_json(_text(path), str(path)) if path.is_file() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        got = f"{path}: {type(error).__name__}"
        raise ArtifactError("what is kept of runs is text", got, "remove the file") from error
