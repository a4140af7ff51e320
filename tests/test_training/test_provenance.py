from __future__ import annotations

from pathlib import Path
from typing import Any

from training.mlflow_session import connected
from training.provenance import FIGURES, Figure, Provenance, provenance
from training.registry import MODEL, VERSION_TAG
from training.scoreboard import CHURN, TIER
from training.train import Trained


def test_what_mlflow_knows_of_a_model(registry: Any, small_trained: Trained) -> None:
    known = provenance(small_trained.fitted.bundle.version, tracking_uri=registry.uri)
    figures = {
        (score.target, score.metric): score.estimate
        for score in small_trained.scores
        if score.cutoff == "all" and score.model == "Tiercast"
    }
    assert known.run_id == registry.run_id
    assert set(known.figures) == set(FIGURES)
    for name, place in FIGURES.items():
        assert known.figures[name] == Figure(figures[place].value, figures[place].low, figures[place].high)
    assert known.held_out == tuple(str(origin.cutoff) for origin in small_trained.origins)
    assert known.data["data_end_day"] == str(small_trained.span[1])
    assert known.data["training_rows"] == len(small_trained.fitted.data.table)
    assert known.failed_checks is None
    assert Provenance.from_json(known.to_json()) == known


def test_targets_are_named_as_on_the_scoreboard() -> None:
    assert {target for target, _ in FIGURES.values()} == {CHURN, TIER}


def test_a_model_without_a_run_and_one_that_nobody_registered(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    with connected(uri) as mlflow:
        client = mlflow.MlflowClient()
        client.create_registered_model(MODEL)
        tags = {VERSION_TAG: "2020-01-01-00000001", "tiercast.checks": '{"ran": 9, "failed": ["C04"]}'}
        client.create_model_version(MODEL, "file:///nowhere", tags=tags)
    assert provenance("2020-01-01-00000001", tracking_uri=uri) == Provenance(number="1", failed_checks=("C04",))
    assert provenance("2020-01-01-00000002", tracking_uri=uri) == Provenance()
