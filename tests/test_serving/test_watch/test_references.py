from __future__ import annotations

import math

import pytest
from watched import FIGURES, REFUSED, World

from features.errors import ArtifactError
from serving.settings import Home
from serving.watch.kept import read_reference
from serving.watch.references import find_reference, held_out, remake
from training.backtest import OURS
from training.metrics import Estimate
from training.provenance import Figure, Provenance
from training.scoreboard import Score


def test_the_home_is_looked_at_first_and_no_registry_is_made(place: Home, world: World) -> None:
    found = find_reference(place, world.version)
    assert found is not None
    assert found.to_json() == world.reference.to_json()
    assert find_reference(place, "2020-01-01-00000000") is None
    assert not (place.path / "mlflow.db").exists()
    (place.path / "watch" / world.version / "reference.json").write_text("{")
    with pytest.raises(ArtifactError, match="a reference is whole"):
        find_reference(place, world.version)


def test_one_that_is_made_anew_is_the_one_of_the_training(
    place: Home, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Provenance(figures={name: Figure(*figure) for name, figure in FIGURES.items()})
    monkeypatch.setattr("serving.watch.references.provenance", lambda *_, **__: known)
    made = remake(place, world.version, world.histories, REFUSED)
    assert made.to_json() == world.reference.to_json()
    kept = read_reference(place.path, world.version)
    assert kept is not None
    assert kept.to_json() == made.to_json()


def test_figures_are_those_of_all_horizons_together() -> None:
    def score(cutoff: str, metric: str, value: float, model: str = OURS) -> Score:
        return Score(cutoff, "churn", metric, model, Estimate(value, value - 0.1, math.nan))

    alone = [score("2020-01-01", "AUC", 0.7), score("2020-01-01", "AUC", 0.9, "recency rule")]
    assert held_out(alone) == {"churn_auc": (0.7, pytest.approx(0.6), None)}
    assert held_out([*alone, score("all", "AUC", 0.8)])["churn_auc"][0] == 0.8
    assert held_out([score("all", "AUC", math.nan)]) == {}
    assert held_out([]) == {}
