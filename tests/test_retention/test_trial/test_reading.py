from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import ColumnError, ConfigError, ConflictError, SourceError, TiercastError
from retention.trial.reading import read_trial

CSV = """id,arm,spend,came,p,town,tier
007,control,0,false,0.5,NA,Gold
008,mail,2.5,true,,Ulm,Gold
009,call,1,true,0.1,,Silver
010,control,3,true,0.3,Ulm,Silver
011,mail,0,false,0.7,Bonn,Gold
012,call,0,false,0.2,Bonn,Gold
013,call,9,true,0.9,Bonn,Gold
"""
HOW: dict[str, Any] = {
    "arm": "arm",
    "outcomes": ["spend", "came"],
    "covariates": ["p", "town"],
    "member": "id",
    "strata": "tier",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "trial.csv"
    path.write_text(CSV)
    return path


def test_a_table_of_three_arms_of_unequal_size(file: Path) -> None:
    trial = read_trial(file, **HOW)
    assert trial.arm_names == ("control", "call", "mail")
    assert trial.sizes.tolist() == [2, 3, 2]
    assert trial.members.tolist() == ["007", "008", "009", "010", "011", "012", "013"]  # leading zeros are part of an id
    assert trial.outcomes["came"].tolist() == [0, 1, 1, 1, 0, 0, 1]
    assert np.isnan(trial.covariates["p"][1])
    assert trial.covariates["town"].tolist()[:3] == ["NA", "Ulm", ""]
    assert trial.strata_names == ("Gold", "Silver")
    assert trial.strata is not None
    assert trial.strata.tolist() == [0, 0, 1, 1, 0, 0, 0]


def test_parquet_is_the_same(file: Path, tmp_path: Path) -> None:
    whole = read_trial(file, **HOW)
    columns: dict[str, Any] = {"id": whole.members.tolist(), "arm": [whole.arm_names[k] for k in whole.arm]}
    columns |= {"spend": whole.outcomes["spend"], "came": whole.outcomes["came"].astype(bool), "p": whole.covariates["p"]}
    columns |= {"town": whole.covariates["town"].tolist(), "tier": ["x"] * 7, "name": ["unread"] * 7}
    pq.write_table(pa.table(columns), tmp_path / "trial.parquet")
    again = read_trial(tmp_path / "trial.parquet", **HOW)
    assert again.arm.tolist() == whole.arm.tolist()
    assert again.outcomes["came"].tolist() == whole.outcomes["came"].tolist()


def test_numbered_arms_and_rows_without_ids(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("w,y\n1,3\n0,1\n1,2\n0,4\n")
    trial = read_trial(tmp_path / "t.csv", arm="w", outcomes=["y"])
    assert trial.arm_names == ("0", "1")
    assert trial.members.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("changed", "kind", "said"),
    [
        ({"arm": "group"}, ColumnError, "no column 'group'"),
        ({"control": "nobody"}, ConfigError, "'nobody' among"),
        ({"outcomes": ["town"]}, ColumnError, "an outcome is a number"),
        ({"outcomes": []}, ConfigError, "a trial has an outcome"),
        ({"outcomes": ["p"], "covariates": []}, ColumnError, "none for 1 member in 'p'"),
        ({"strata": "town"}, ColumnError, "1 row without"),
        ({"member": "tier"}, ConflictError, "in one arm"),
    ],
)
def test_what_is_refused(file: Path, changed: dict[str, Any], kind: type[TiercastError], said: str) -> None:
    with pytest.raises(kind) as caught:
        read_trial(file, **(HOW | changed))
    assert said in str(caught.value)


def test_files_that_are_no_table(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not there"):
        read_trial(tmp_path / "no.csv", **HOW)
    (tmp_path / "odd.csv").write_text("a,b\n1\n1,2,3\n")
    with pytest.raises(SourceError, match="cannot be read as one"):
        read_trial(tmp_path / "odd.csv", **HOW)
    (tmp_path / "odd.parquet").write_text("a,b\n")
    with pytest.raises(SourceError, match="cannot be read as one"):
        read_trial(tmp_path / "odd.parquet", **HOW)
