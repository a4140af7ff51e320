from __future__ import annotations

import builtins
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from calls import BIN, ENVIRONMENT, tiercast

from features.errors import ArtifactError, ConfigError, NoModelError, TiercastError, UnknownMemberError
from serving import cli

Run = Callable[..., tuple[int, str, str]]
COMMANDS = ("check", "train", "backtest", "ablate", "score", "serve", "demo")


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command("check")
    def command() -> None:
        raise error

    monkeypatch.setattr("serving.commands.check.command", command)


def test_help_lists_every_command_and_the_exit_codes(run: Run) -> None:
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    for name in COMMANDS:
        assert f"  {name} " in out
    assert "0 done" in out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_helps(run: Run, name: str) -> None:
    code, out, err = run(name, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: cli {name}") or f" {name} " in out.splitlines()[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_line_in_the_list_is_its_files(name: str) -> None:
    assert (Path(cli.__file__).parent / "commands" / f"{name}.py").is_file()


def test_version(run: Run) -> None:
    code, out, _ = run("--version")
    assert code == 0
    assert "0.1.0" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["check", "--frobnicate"], "No such option"),
        (["ablate"], "Missing option '--cutoff'"),
        (["backtest", "--cutoff", "2020-01-01", "--horizon-days", "many"], "'many' is not a valid integer"),
        (["check", "a", "--duplicates", "perhaps"], "'perhaps' is not one of 'keep', 'drop'"),
        (["serve", "--port", "70000"], "70000 is not in the range"),
        (["score", "--language", "fr"], "'fr' is not one of 'en', 'zh'"),
    ],
)
def test_a_wrong_call_is_said(run: Run, arguments: list[str], said: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("the rule", "this", "do that"), 2),
        (NoModelError("the rule", "this", "do that"), 3),
        (UnknownMemberError(2), 3),
        (ArtifactError("the rule", "this", "do that"), 4),
    ],
)
def test_a_project_error_is_a_sentence_and_a_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: TiercastError, code: int
) -> None:
    raising(monkeypatch, error)
    assert run("check") == (code, "", f"tiercast: {error}\n")
    assert cli.exit_code(error) == code


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied", "/srv/out"), "/srv/out: Permission denied"),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_a_file_that_cannot_be_used_is_said(run: Run, monkeypatch: pytest.MonkeyPatch, error: OSError, said: str) -> None:
    raising(monkeypatch, error)
    assert run("check") == (2, "", f"tiercast: a file or folder cannot be used: {said}\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_said(run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    raising(monkeypatch, error)
    code, out, err = run("check")
    assert (code, out) == (130, "")
    assert "tiercast: stopped" in err


def test_a_missing_library_is_said(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real: Any = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "features.usability":
            raise ModuleNotFoundError("No module named 'duckdb'", name="duckdb")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    code, _, err = run("check", "log.csv")
    assert code == 3
    assert "the library 'duckdb' is not installed here; install tiercast[train]" in err


def test_help_loads_nothing_heavy() -> None:
    script = "import sys; from serving.cli import cli; cli.main(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run(
        [str(BIN / "python"), "-c", script], capture_output=True, text=True, check=True, timeout=60, env=ENVIRONMENT
    )
    loaded = set(done.stdout.split())
    assert "serving.cli" in loaded
    assert not loaded & {"numpy", "pandas", "ibis", "bentoml", "fastapi", "mlflow", "lightgbm"}


def test_the_installed_command_ends_with_the_code(tmp_path: Path) -> None:
    done = tiercast("check", "none.csv", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tiercast: ")
    assert done.stderr.count("\n") == 1


def test_an_interrupted_process_leaves_nothing_half_written(tmp_path: Path, journey_path: str) -> None:
    process = subprocess.Popen(
        [
            *(
                str(BIN / "tiercast"),
                "backtest",
                "--transactions",
                journey_path,
                "--cutoff",
                "2017-12-01",
                "--out",
                "out/p.csv",
            ),
            *("--map", "customer_id=household_id", "--map", "amount=sales_value"),
            *("--map", "timestamp=transaction_timestamp", "--map", "order_id=basket_id"),
        ],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, said + rest
    assert "tiercast: stopped" in rest
    assert "Traceback" not in rest
    assert list(tmp_path.rglob("*.*")) == []
