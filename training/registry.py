"""The registry of models: which version is champion, which were before it, and what was decided about a challenger.

What is said of models is kept in tags, so that whoever opens MLflow reads it too::

    of the registered model     tiercast.champions     ["1", "4"]: numbers of versions, the champion last
    of a version                tiercast.version       what the model calls itself, 2018-01-02-e3a5744c
                                tiercast.format        of its files
                                tiercast.checks        {"ran": 9, "failed": []}
                                tiercast.decision...   what promotion decided, against whom, by which figures
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from features.errors import ArtifactError, NoModelError
from training.artifact import FORMAT, VERSION

MODEL: Final = "tiercast"
CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
VERSION_TAG: Final = "tiercast.version"
FORMAT_TAG: Final = "tiercast.format"
HISTORY_TAG: Final = "tiercast.champions"
_ABSENT: Final = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
_REMEMBERED: Final = 50


def find(mlflow: Any, alias: str) -> Any | None:
    """The version that an alias points at; None where it points at nothing."""
    try:
        return mlflow.MlflowClient().get_model_version_by_alias(MODEL, alias)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code not in _ABSENT:
            raise
        return None


def name_of(version: Any) -> str:
    """What a model calls itself: its date and digest.

    Raises
    ------
    ArtifactError
        something else is registered there
    """
    name = str(version.tags.get(VERSION_TAG))
    if not VERSION.fullmatch(name):
        raise ArtifactError(
            f"a registered model carries its version in the tag {VERSION_TAG!r}",
            repr(name),
            "register it by 'tiercast train'",
        )
    return name


def alias_for_new(mlflow: Any, name: str) -> str:
    """The alias of a new model when nobody names one: challenger, if there is a champion that it can be measured against.

    It is champion where there is none yet, where the champion is this same model, and where the champion's files are of a
    format that this release does not read.
    """
    champion = find(mlflow, CHAMPION)
    if champion is None or champion.tags.get(FORMAT_TAG) != str(FORMAT) or champion.tags.get(VERSION_TAG) == name:
        return CHAMPION
    return CHALLENGER


def point(mlflow: Any, alias: str, number: str) -> None:
    """Point an alias at a version; a new champion is entered in the history and is no challenger any more."""
    client = mlflow.MlflowClient()
    if alias == CHAMPION:
        _remember(client, [*_before(mlflow, number), number])
        challenger = find(mlflow, CHALLENGER)
        if challenger is not None and str(challenger.version) == number:
            client.delete_registered_model_alias(MODEL, CHALLENGER)
    client.set_registered_model_alias(MODEL, alias, number)


def champions(mlflow: Any) -> list[str]:
    """Numbers of the versions that were champion, the present one last."""
    try:
        stored = mlflow.MlflowClient().get_registered_model(MODEL).tags.get(HISTORY_TAG, "[]")
    except mlflow.exceptions.MlflowException as error:
        if error.error_code not in _ABSENT:
            raise
        return []
    return [str(number) for number in json.loads(stored)]


def champion_before(mlflow: Any) -> tuple[Any, Any]:
    """The champion and the one before it.

    Raises
    ------
    NoModelError
        there is no champion, or none before it that is still registered
    """
    champion = find(mlflow, CHAMPION)
    if champion is None:
        raise NoModelError("there is a champion to take back", "none", "train one with 'tiercast train'")
    earlier = _before(mlflow, str(champion.version), but_itself=True)
    client = mlflow.MlflowClient()
    for number in reversed(earlier):
        try:
            return champion, client.get_model_version(MODEL, number)
        except mlflow.exceptions.MlflowException as error:
            if error.error_code not in _ABSENT:
                raise
    raise NoModelError(
        "the registry remembers a champion before the present one",
        f"none before version {champion.version}",
        "name a champion with 'tiercast train --alias champion'",
    )


def take_back(mlflow: Any) -> tuple[str, str]:
    """Put the champion before this one back in its place.

    Returns
    -------
    (str, str)
        what the two models call themselves: the one that goes, the one that is back

    Raises
    ------
    NoModelError
    """
    champion, earlier = champion_before(mlflow)
    client = mlflow.MlflowClient()
    history = _before(mlflow, str(champion.version), but_itself=True)
    while history[-1] != str(earlier.version):
        history.pop()  # deleted from the registry since
    _remember(client, history)
    client.set_registered_model_alias(MODEL, CHAMPION, str(earlier.version))
    tag_version(mlflow, str(champion.version), {"tiercast.rolled_back_to": str(earlier.version)})
    return name_of(champion), name_of(earlier)


def tag_version(mlflow: Any, number: str, tags: Mapping[str, str]) -> None:
    """Write tags to a version."""
    client = mlflow.MlflowClient()
    for name, value in tags.items():
        client.set_model_version_tag(MODEL, number, name, value)


def _before(mlflow: Any, number: str, *, but_itself: bool = False) -> list[str]:
    """The history up to now; a champion that was named by hand, or by an earlier release, belongs to it too."""
    history = champions(mlflow)
    present = find(mlflow, CHAMPION)
    if present is not None and (not history or history[-1] != str(present.version)):
        history.append(str(present.version))
    return history[:-1] if history and (but_itself or history[-1] == number) else history


def _remember(client: Any, numbers: list[str]) -> None:
    client.set_registered_model_tag(MODEL, HISTORY_TAG, json.dumps(numbers[-_REMEMBERED:]))
