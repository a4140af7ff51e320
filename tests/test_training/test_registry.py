from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from features.errors import ArtifactError, NoModelError
from training import registry
from training.artifact import FORMAT
from training.mlflow_session import connected
from training.registry import CHALLENGER, CHAMPION, FORMAT_TAG, HISTORY_TAG, MODEL, VERSION_TAG


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("registry")
    with connected(f"sqlite:///{folder}/mlflow.db") as mlflow:
        mlflow.MlflowClient().search_registered_models()  # makes the tables
        yield mlflow


@pytest.fixture
def mlflow(store: Any) -> Iterator[Any]:
    """A registry with the model's name in it, and nothing under it."""
    client = store.MlflowClient()
    client.create_registered_model(MODEL)
    yield store
    client.delete_registered_model(MODEL)


def add(mlflow: Any, name: str, fmt: int = FORMAT) -> str:
    tags = {VERSION_TAG: name, FORMAT_TAG: str(fmt)}
    return str(mlflow.MlflowClient().create_model_version(MODEL, "file:///nowhere", tags=tags).version)


def named(i: int) -> str:
    return f"2020-01-0{i}-0000000{i}"


def holder(mlflow: Any, alias: str) -> str | None:
    found = registry.find(mlflow, alias)
    return None if found is None else str(found.version)


def test_the_first_model_is_champion_and_the_next_challenges_it(mlflow: Any) -> None:
    assert registry.alias_for_new(mlflow, named(1)) == CHAMPION
    registry.point(mlflow, CHAMPION, add(mlflow, named(1)))
    assert registry.alias_for_new(mlflow, named(2)) == CHALLENGER


def test_a_registry_without_any_model_has_no_champion(store: Any) -> None:
    assert registry.find(store, CHAMPION) is None
    assert registry.champions(store) == []
    assert registry.alias_for_new(store, named(1)) == CHAMPION


def test_the_same_model_again_is_champion_again(mlflow: Any) -> None:
    registry.point(mlflow, CHAMPION, add(mlflow, named(1)))
    assert registry.alias_for_new(mlflow, named(1)) == CHAMPION


def test_a_champion_that_this_release_cannot_read_is_replaced(mlflow: Any) -> None:
    registry.point(mlflow, CHAMPION, add(mlflow, named(1), fmt=FORMAT - 1))
    assert registry.alias_for_new(mlflow, named(2)) == CHAMPION


def test_a_challenger_that_becomes_champion_is_no_challenger_any_more(mlflow: Any) -> None:
    first, second = add(mlflow, named(1)), add(mlflow, named(2))
    registry.point(mlflow, CHAMPION, first)
    registry.point(mlflow, CHALLENGER, second)
    registry.point(mlflow, CHAMPION, second)
    assert (holder(mlflow, CHAMPION), holder(mlflow, CHALLENGER)) == (second, None)
    assert registry.champions(mlflow) == [first, second]


def test_another_challenger_stays_one(mlflow: Any) -> None:
    first, second, third = (add(mlflow, named(i)) for i in (1, 2, 3))
    registry.point(mlflow, CHAMPION, first)
    registry.point(mlflow, CHALLENGER, second)
    registry.point(mlflow, CHAMPION, third)
    assert holder(mlflow, CHALLENGER) == second


def test_champions_go_back_one_by_one(mlflow: Any) -> None:
    numbers = [add(mlflow, named(i)) for i in (1, 2, 3)]
    for number in numbers:
        registry.point(mlflow, CHAMPION, number)
    assert registry.take_back(mlflow) == (named(3), named(2))
    assert registry.take_back(mlflow) == (named(2), named(1))
    assert holder(mlflow, CHAMPION) == numbers[0]
    assert registry.champions(mlflow) == numbers[:1]
    with pytest.raises(NoModelError, match="a champion before the present one; got none before version"):
        registry.take_back(mlflow)
    assert holder(mlflow, CHAMPION) == numbers[0]
    gone = mlflow.MlflowClient().get_model_version(MODEL, numbers[2])
    assert gone.tags["tiercast.rolled_back_to"] == numbers[1]


def test_going_back_and_forth_leaves_a_history_that_can_go_back(mlflow: Any) -> None:
    first, second = add(mlflow, named(1)), add(mlflow, named(2))
    for number in (first, second):
        registry.point(mlflow, CHAMPION, number)
    registry.take_back(mlflow)
    registry.point(mlflow, CHAMPION, second)
    assert registry.champions(mlflow) == [first, second]
    assert registry.take_back(mlflow) == (named(2), named(1))


def test_champion_twice_is_entered_once(mlflow: Any) -> None:
    first = add(mlflow, named(1))
    for _ in range(2):
        registry.point(mlflow, CHAMPION, first)
    assert registry.champions(mlflow) == [first]


def test_a_champion_named_by_hand_belongs_to_the_history(mlflow: Any) -> None:
    first, second, third = (add(mlflow, named(i)) for i in (1, 2, 3))
    registry.point(mlflow, CHAMPION, first)
    mlflow.MlflowClient().set_registered_model_alias(MODEL, CHAMPION, second)
    registry.point(mlflow, CHAMPION, third)
    assert registry.champions(mlflow) == [first, second, third]
    mlflow.MlflowClient().set_registered_model_alias(MODEL, CHAMPION, second)
    assert registry.take_back(mlflow) == (named(2), named(3))


def test_a_champion_that_was_deleted_is_passed_over(mlflow: Any) -> None:
    first, second, third = (add(mlflow, named(i)) for i in (1, 2, 3))
    for number in (first, second, third):
        registry.point(mlflow, CHAMPION, number)
    mlflow.MlflowClient().delete_model_version(MODEL, second)
    assert registry.take_back(mlflow) == (named(3), named(1))
    assert registry.champions(mlflow) == [first]


def test_the_history_does_not_grow_without_end(mlflow: Any) -> None:
    long = [str(i) for i in range(1_000, 1_400)]
    mlflow.MlflowClient().set_registered_model_tag(MODEL, HISTORY_TAG, json.dumps(long))
    number = add(mlflow, named(1))
    registry.point(mlflow, CHAMPION, number)
    assert registry.champions(mlflow) == [*long[-49:], number]


def test_without_a_champion_there_is_nothing_to_take_back(mlflow: Any) -> None:
    add(mlflow, named(1))
    with pytest.raises(NoModelError, match="there is a champion to take back; got none"):
        registry.take_back(mlflow)


def test_what_was_not_registered_by_us_is_refused(mlflow: Any, tmp_path: Path) -> None:
    version = mlflow.MlflowClient().create_model_version(MODEL, "file:///nowhere", tags={VERSION_TAG: "../../etc"})
    with pytest.raises(ArtifactError, match="carries its version in the tag"):
        registry.name_of(version)
