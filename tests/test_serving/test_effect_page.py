"""docs/effect.md and docs/uplift.md: their commands work on what the examples make, and print what the pages say."""

from __future__ import annotations

import importlib.util
import shlex
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
import yaml

from docs.page_commands import commands

ROOT = Path(__file__).parents[2]
EFFECT, UPLIFT = ROOT / "docs" / "effect.md", ROOT / "docs" / "uplift.md"
Run = Callable[..., tuple[int, str, str]]


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / "campaign" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def typed(page: Path, program: str = "tiercast") -> list[list[str]]:
    """The page's commands of a program, as a shell takes them apart."""
    lines = [command for section in commands(page).values() for command in section]
    return [parts[1:] for line in lines if (parts := shlex.split(line.replace("\\\n", " ")))[0] == program]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    example("made_up").main(tmp_path)
    return tmp_path


def test_the_page_on_the_effect_can_be_followed(run: Run, made: Path) -> None:
    measured = [arguments for arguments in typed(EFFECT) if arguments[0] == "effect"]
    own = [arguments for arguments in measured if "demo-data" not in " ".join(arguments)]
    assert [arguments[:3] for arguments in own] == [
        ["effect", "--campaign", "spring.csv"],
        ["effect", "--campaign", "spring.csv"],
        ["effect", "--table", "mail.csv"],
    ]
    first, learned, table = [run(*arguments) for arguments in own]
    assert [first[0], learned[0], table[0]] == [0, 0, 0]
    page = EFFECT.read_text(encoding="utf-8")
    shown = page.split("--plot effect.png\n")[1].split("\n...")[0]
    assert first[1].startswith(shown)
    assert learned[1].splitlines()[-4] in page
    call = next(line for line in (made / "actions.yaml").read_text(encoding="utf-8").splitlines() if "measured" in line)
    assert call.strip() in page
    assert "Mens E-Mail    visit    all" in table[1]


def test_the_real_campaign_is_refused_as_the_page_says(run: Run, demo_settings: Path, tmp_path: Path) -> None:
    example("sent").main(tmp_path / "sent.csv")
    (asked,) = [arguments for arguments in typed(EFFECT) if "sent.csv" in arguments]
    code, out, _ = run(*[str(demo_settings) if part.endswith("tiercast.yaml") else part for part in asked])
    assert code == 5
    assert out.strip() in EFFECT.read_text(encoding="utf-8")


@pytest.fixture
def demo_settings(tmp_path: Path) -> Path:
    from serving.commands.demo import write_settings

    return write_settings(tmp_path / "demo-data")


def test_the_page_on_uplift_names_what_is_there(made: Path) -> None:
    """Run whole it takes ten seconds; what can go stale in it are the names."""
    asked, plan = typed(UPLIFT)
    trial = pd.read_csv(made / asked[asked.index("--table") + 1])
    columns = [asked[asked.index(option) + 1] for option in ("--arm", "--outcome", "--risk")]
    covariates = asked[asked.index("--covariates") + 1].split(",")
    assert {*columns, *covariates} <= set(trial)
    assert columns[-1] in covariates
    arms = {asked[at + 1].partition("=")[0] for at, part in enumerate(asked) if part == "--cost"}
    assert arms | {"control"} == set(trial.arm)
    catalogue = yaml.safe_load((ROOT / plan[plan.index("--actions") + 1].removeprefix("../")).read_text(encoding="utf-8"))
    assert arms <= {action["id"] for action in catalogue["actions"]}
    assert plan[plan.index("--uplift") + 1] == asked[asked.index("--out") + 1]


def test_every_command_of_the_pages_is_one(run: Run) -> None:
    for arguments in [*typed(EFFECT), *typed(UPLIFT)]:
        assert run(arguments[0], "--help")[0] == 0
