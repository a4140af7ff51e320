from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import simulated

from features.errors import ArtifactError, ConfigError, NoModelError
from features.histories import Histories
from features.registry import registered as features
from serving.batch.pyfunc import answers
from training.artifact import Bundle
from training.fit import Fitted, fit_forecaster
from training.metrics import Estimate
from training.mlflow_adapter import log_training
from training.mlflow_session import connected
from training.promotion import Change, Decision
from training.promotion_log import contender, contenders, log_decision, roll_back
from training.recipe import Recipe
from training.registry import MODEL, champions
from training.track import CHECKS_TAG, Parameter, Tag
from training.train import Trained


@dataclass(frozen=True)
class Place:
    uri: str
    folder: Path

    @property
    def logs(self) -> dict[str, Any]:
        return {"tracking_uri": self.uri, "artifacts": self.folder / "artifacts"}

    @property
    def reads(self) -> dict[str, Any]:
        return {"tracking_uri": self.uri, "models": self.folder / "models"}

    def version(self, number: str) -> Any:
        with connected(self.uri) as mlflow:
            return mlflow.MlflowClient().get_model_version(MODEL, number)


@pytest.fixture(scope="module")
def narrow(small: Histories) -> Fitted:
    """Learns from one useless feature."""
    chosen = [feature for feature in features() if feature.name == "weekend_share"]
    return fit_forecaster(small, simulated.AS_OF, **simulated.SPANS, policy=simulated.NET, features=chosen)


@pytest.fixture
def place(tmp_path: Path, empty_store: Path) -> Place:
    (tmp_path / "mlflow.db").write_bytes(empty_store.read_bytes())
    return Place(f"sqlite:///{tmp_path}/mlflow.db", tmp_path)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables, which take seconds to make."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    with connected(f"sqlite:///{path}") as mlflow:
        mlflow.MlflowClient().search_registered_models()
    return path


def decision(challenger: str, champion: str, *, promoted: bool) -> Decision:
    change = Change("churn", 0.41, 0.42, Estimate(-0.01, -0.02, -0.001), 120)
    reasons = () if promoted else ("next tier: worse",)
    return Decision(promoted, challenger, champion, ("2020-11-28",), 0.002, (change,), (), reasons, ("a note",), "ab12")


def test_promoted_it_is_champion_and_the_registry_says_why(place: Place, small_trained: Trained, narrow: Fitted) -> None:
    first = log_training([Parameter("as_of", "x")], narrow.bundle, answers, **place.logs)
    second = log_training([Parameter("as_of", "x")], small_trained.fitted.bundle, answers, **place.logs)
    assert (first.alias, second.alias) == ("champion", "challenger")
    challenger, champion = contenders(**place.reads)
    assert (challenger.number, champion.number) == (second.number, first.number)
    assert challenger.recipe == Recipe.of(small_trained.fitted.bundle)
    run_id = log_decision(decision(challenger.name, champion.name, promoted=True), second.number, first.number, **place.logs)
    tags = place.version(second.number).tags
    assert tags["tiercast.decision"] == "promoted"
    assert tags["tiercast.decision.against"] == first.number
    assert tags["tiercast.decision.run"] == run_id
    assert json.loads(tags["tiercast.decision.figures"])["changes"][0]["change"] == {
        "value": -0.01,
        "low": -0.02,
        "high": -0.001,
    }
    with connected(place.uri) as mlflow:
        run = mlflow.MlflowClient().get_run(run_id)
        text = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/decision.txt")
        assert champions(mlflow) == [first.number, second.number]
    assert run.data.metrics["churn/log_loss/change/high"] == -0.001
    assert run.data.params["decision"] == "promoted"
    assert text.splitlines()[-1].startswith("promoted: ")
    assert contender("champion", **place.reads).name == challenger.name
    with pytest.raises(NoModelError, match="the alias 'challenger'"):
        contenders(**place.reads)

    assert roll_back(tracking_uri=place.uri, dry_run=True) == (challenger.name, champion.name)
    assert contender("champion", **place.reads).name == challenger.name
    assert roll_back(tracking_uri=place.uri) == (challenger.name, champion.name)
    assert contender("champion", **place.reads).name == champion.name
    with pytest.raises(NoModelError, match="a champion before the present one"):
        roll_back(tracking_uri=place.uri)


def test_refused_it_stays_challenger_and_the_registry_says_why(place: Place, small_trained: Trained, narrow: Fitted) -> None:
    first = log_training([Parameter("as_of", "x")], small_trained.fitted.bundle, answers, **place.logs)
    checked = Tag(CHECKS_TAG, json.dumps({"ran": 9, "failed": ["leakage"]}))
    second = log_training([checked], narrow.bundle, answers, **place.logs)
    challenger, champion = contenders(**place.reads)
    assert (challenger.failed_checks, champion.failed_checks) == (("leakage",), ())
    assert (challenger.checks, champion.checks) == (9, 0)
    log_decision(decision(challenger.name, champion.name, promoted=False), second.number, first.number, **place.logs)
    found = place.version(second.number)
    assert found.aliases == ["challenger"]
    assert found.tags["tiercast.decision"] == "refused"
    assert json.loads(found.tags["tiercast.decision.figures"])["reasons"] == ["next tier: worse"]
    assert place.version(first.number).aliases == ["champion"]


def test_one_model_under_both_names_is_refused(place: Place, narrow: Fitted) -> None:
    number = log_training([], narrow.bundle, answers, **place.logs).number
    with connected(place.uri) as mlflow:
        mlflow.MlflowClient().set_registered_model_alias(MODEL, "challenger", number)
    with pytest.raises(ConfigError, match="a challenger is another model than the champion"):
        contenders(**place.reads)


def test_a_champion_of_another_format_is_said_with_the_way_out(place: Place, narrow: Fitted, small_trained: Trained) -> None:
    plain = {**narrow.bundle.plain, "format": 0}
    log_training([], Bundle(plain, narrow.bundle.texts), answers, **place.logs)
    log_training([], small_trained.fitted.bundle, answers, **place.logs, alias="challenger")
    with pytest.raises(ArtifactError, match="name the new model with --alias champion"):
        contenders(**place.reads)


def test_without_a_champion_there_is_nothing_to_challenge(place: Place, tmp_path: Path) -> None:
    with pytest.raises(NoModelError, match="a registered model has the alias 'champion'"):
        contenders(**place.reads)
    nowhere = tmp_path / "none.db"
    with pytest.raises(NoModelError, match="a registered model has the alias 'champion'"):
        roll_back(tracking_uri=f"sqlite:///{nowhere}")
    assert not nowhere.exists()
