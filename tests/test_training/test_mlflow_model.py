"""The logged model in an environment that has nothing but what it asks for.

The environment is not built here, which takes minutes: every package outside of the logged requirements, and of what these
require themselves, is hidden from a process of its own, and so is this repository.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from training.fit import Fitted
from training.mlflow_session import connected
from training.registry import MODEL

ALONE = """
import importlib.metadata as metadata, json, re, sys
from importlib.machinery import PathFinder
from pathlib import Path
from packaging.requirements import Requirement

model = Path(sys.argv[1])
sys.path = [place for place in sys.path if not (Path(place or ".") / "features" / "__init__.py").exists()]

def key(name):
    return re.sub(r"[-_.]+", "-", name).lower()

asked, allowed = [Requirement(line) for line in (model / "requirements.txt").read_text().splitlines()], {}
while asked:
    requirement = asked.pop()
    if key(requirement.name) in allowed and not requirement.extras - allowed[key(requirement.name)]:
        continue
    allowed[key(requirement.name)] = allowed.get(key(requirement.name), set()) | requirement.extras
    try:
        further = [Requirement(text) for text in metadata.requires(requirement.name) or ()]
    except metadata.PackageNotFoundError:
        continue  # of another system or Python
    extras = requirement.extras or {""}
    asked += [one for one in further if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in extras)]
owners = {top: {key(name) for name in names} for top, names in metadata.packages_distributions().items()}

class Asked(PathFinder):  # the finder of installed modules, for those that the requirements bring

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in owners and not owners[top] & set(allowed):
            return None
        return PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Asked
import mlflow.pyfunc
from mlflow.models import Model

loaded = mlflow.pyfunc.load_model(str(model))
answer = loaded.predict(Model.load(str(model)).load_input_example(str(model)))
import features, serving, training
places = [str(Path(module.__file__).resolve().parent.parent) for module in (features, serving, training)]
heavy = sorted({"lightgbm", "sklearn", "shap", "numba", "matplotlib", "optuna"} & set(sys.modules))
print(json.dumps({"places": places, "answer": json.loads(answer.to_json(orient="records")), "heavy": heavy}))
"""


@pytest.fixture(scope="module")
def downloaded(registry: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with connected(registry.uri) as mlflow:
        place = tmp_path_factory.mktemp("downloaded")
        return Path(mlflow.artifacts.download_artifacts(f"models:/{MODEL}@champion", dst_path=str(place)))


def test_it_forecasts_with_nothing_but_its_requirements_and_its_code(downloaded: Path, tmp_path: Path) -> None:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ALONE, str(downloaded)],
        cwd=tmp_path,
        env={**variables, "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout.splitlines()[-1])
    assert set(found["places"]) == {str((downloaded / "code").resolve())}
    (row,) = found["answer"]
    assert row["customer_id"] == "example"
    assert 0 < row["p_churn"] < 1
    assert abs(sum(value for name, value in row.items() if name.startswith("p_tier_")) - 1) < 1e-9
    assert "lightgbm" not in found["heavy"]


def test_requirements_are_pinned_and_named_once(downloaded: Path) -> None:
    lines = (downloaded / "requirements.txt").read_text().splitlines()
    assert all(line.count("==") == 1 for line in lines)
    assert len({line.partition("==")[0] for line in lines}) == len(lines)
    assert "scipy" in {line.partition("==")[0] for line in lines}


def test_the_example_is_made_up(downloaded: Path, small_fitted: Fitted) -> None:
    example = json.loads((downloaded / "input_example.json").read_text())
    frame = pd.DataFrame(example["data"], columns=example["columns"])
    assert set(frame.customer_id) == {"example"}
    assert list(frame.columns) == ["customer_id", "timestamp", "amount", "order_id"]
