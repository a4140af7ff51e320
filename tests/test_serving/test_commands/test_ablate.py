from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest
import yaml
from homes import SHOP_POLICY, shop_log

from features.errors import UnusableLogError
from features.feature import Feature

Run = Callable[..., tuple[int, str, str]]
BASE = ["--transactions", "log.csv", "--horizon-days", "21", "--lookback-days", "60"]
CUTOFF = ["--cutoff", "2020-07-20"]
OWN = """\
- recency_days
- visits_91d
- name: spend_7d
  unit: currency
  expression: total('gross', 7)
  meaning: spend in the last week
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    log = shop_log(40)
    log["quantity"] = 2
    log.to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(SHOP_POLICY.model_dump(mode="json")))
    (tmp_path / "own.yaml").write_text(OWN)
    (tmp_path / "tiercast.yaml").write_text("features: own.yaml\n")
    return tmp_path


def test_single_features_by_settings_with_a_table_a_frame_and_a_picture(run: Run, place: Path) -> None:
    names = ["--feature", "spend_7d", "--feature", "quantity_per_order"]
    files = ["--out", "effects.csv", "--plot", "effects.png", "--policy", "policy.yaml"]
    code, said, told = run("ablate", *BASE, *CUTOFF, *names, *files)
    assert (code, "Reference: 3 features" in said) == (0, True)
    assert "2020-07-20: 2 of 2: quantity_per_order put in" in told
    frame = pd.read_csv(place / "effects.csv")
    assert frame.group.unique().tolist() == ["spend_7d", "quantity_per_order"]
    assert frame.change.unique().tolist() == ["left out", "put in"]
    assert set(frame.metric) == {"churn log loss", "AUC", "next-tier log loss"}
    assert (place / "effects.png").read_bytes()[:4] == b"\x89PNG"


def test_families_of_a_log_without_a_policy(run: Run, place: Path) -> None:
    (place / "tiercast.yaml").write_text("features: [recency_days, visits_91d, spend_91d]\n")
    code, said, _ = run("ablate", *BASE, *CUTOFF, "--out", "effects.parquet")
    assert code == 0
    assert "next-tier" not in said
    frame = pd.read_parquet(place / "effects.parquet")
    put_in = frame[frame.change == "put in"].group.unique().tolist()
    assert put_in == ["recency", "frequency", "cadence", "value", "trend", "rhythm", "mix"]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ([*CUTOFF, "--feature", "nix"], "a feature to try is one that the log can give; got 'nix'"),
        ([*CUTOFF, "--feature", "profit_91d"], "got 'profit_91d'"),
        ([*CUTOFF, "--out", "effects.txt"], "effects go to a .parquet or .csv file"),
        ([*CUTOFF, "--plot", "effects.jpg"], "intervals are drawn to a .png file"),
        (["--cutoff", "2020-08-20"], "an ablation needs known outcomes"),
        ([], "Missing option '--cutoff'"),
    ],
)
def test_what_cannot_be_used_ends_in_one_sentence(run: Run, place: Path, options: list[str], match: str) -> None:
    code, _, told = run("ablate", *BASE, *options)
    assert code == 2
    assert match in told
    assert "Traceback" not in told


def test_a_wrong_declaration_is_said_with_its_place(run: Run, place: Path) -> None:
    (place / "own.yaml").write_text(OWN.replace("'gross'", "'spend'"))
    for command in ("ablate", "backtest"):
        code, _, told = run(command, *BASE, *CUTOFF)
        assert code == 2
        assert "own.yaml[2].expression: total() takes a value; got 'spend'" in told


def test_backtest_and_train_use_the_features_of_the_settings(run: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used = []

    def stop(*_: object, features: Sequence[Feature], **__: object) -> None:
        used.append([feature.name for feature in features])
        raise UnusableLogError("this is a test", "all that is needed", "go on")

    monkeypatch.setattr("training.backtest.run_backtest", stop)
    monkeypatch.setattr("training.train.run_training", stop)
    assert run("backtest", *BASE, *CUTOFF)[0] == run("train", *BASE)[0] == 2
    assert used == [["recency_days", "visits_91d", "spend_7d"]] * 2
