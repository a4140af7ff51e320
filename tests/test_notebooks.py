from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
PICTURES = {
    "01-from-transactions-to-reasons": 3,
    "02-reading-a-backtest": 5,
    "03-plan-and-effect": 2,
    "04-features-of-your-own": 1,
}
FOUND = sorted(NOTEBOOKS.glob("*.ipynb"))


def outputs(notebook: Any) -> list[list[Any]]:
    return [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.fixture(scope="module", params=FOUND, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
def fresh(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("execute", NOTEBOOKS / "execute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    before = set(NOTEBOOKS.iterdir())
    done = module.execute(path)
    assert set(NOTEBOOKS.iterdir()) == before, "a run leaves no file behind"
    return done


def test_there_is_a_notebook() -> None:
    assert [path.stem for path in FOUND] == list(PICTURES)


def test_it_runs_and_shows_what_is_committed(path: Path, fresh: Any) -> None:
    committed = json.loads(path.read_text(encoding="utf-8"))
    kinds = [[output["output_type"] for output in cell] for cell in outputs(fresh)]
    assert kinds == [[output["output_type"] for output in cell] for cell in outputs(committed)]
    assert not any("error" in cell for cell in kinds)
    assert outputs(fresh)[-1][0]["data"]["text/plain"] == "True"


def test_nothing_of_the_machine_or_of_a_warning_is_committed(path: Path) -> None:
    text = json.dumps(outputs(json.loads(path.read_text(encoding="utf-8"))))
    for trace in ("site-packages", "/home/", "/root/", "Warning", "stderr", " at 0x"):
        assert trace not in text, trace


def test_pictures_are_drawn(path: Path, fresh: Any) -> None:
    pictures = [output for cell in outputs(fresh) for output in cell if "image/png" in output.get("data", {})]
    assert len(pictures) == PICTURES[path.stem]
