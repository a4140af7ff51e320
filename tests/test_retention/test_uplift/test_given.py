from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import ColumnError, ConfigError, SourceError
from retention.plan.gains import Points
from retention.uplift.given import read_gains

FRAME = pd.DataFrame(
    {
        "customer_id": ["a", "b", "z", "a"],
        "action": ["mail", "mail", "mail", "call"],
        "return_gain": [0.3, 0.0, 0.1, 0.2],
        "return_gain_sd": [0.05, 0.01, 0.03, 0.02],
    }
)
MEMBERS = np.array(["a", "b", "c"], object)


def _read(frame: pd.DataFrame, folder: Path) -> tuple[dict[str, Points], int]:
    frame.to_csv(folder / "gains.csv", index=False)
    frame.to_parquet(folder / "gains.parquet")
    one = read_gains(folder / "gains.csv", MEMBERS, ["call", "gift", "mail"])
    other = read_gains(folder / "gains.parquet", MEMBERS, ["call", "gift", "mail"])
    plain = [{name: (own.mean.tolist(), own.sd.tolist()) for name, own in read[0].items()} for read in (one, other)]
    assert plain[0] == plain[1]
    return other


def test_each_member_has_its_own_and_others_the_mean(tmp_path: Path) -> None:
    found, absent = _read(FRAME, tmp_path)
    assert list(found) == ["call", "mail"]
    assert found["mail"].mean == pytest.approx([0.3, 0.0, 0.4 / 3])
    assert found["mail"].sd == pytest.approx([0.05, 0.01, 0.03])
    assert (found["call"].mean.tolist(), found["call"].sd.tolist()) == ([0.2] * 3, [0.02] * 3)
    assert absent == 2


@pytest.mark.parametrize(
    ("change", "error", "rule"),
    [
        ({"action": "sms"}, ConfigError, "about actions of the catalogue; got 'sms'"),
        ({"return_gain": [2.0, 0.0, 0.0, 0.0]}, ColumnError, "from -1 to 1; got 1 row with another"),
        ({"return_gain": [np.nan, 0.0, 0.0, 0.0]}, ColumnError, "from -1 to 1; got 1 row with another"),
        ({"return_gain_sd": [-0.1, 0.0, 0.0, 0.0]}, ColumnError, "at least 0; got 1 row with another"),
        ({"return_gain_sd": [np.nan, np.inf, 0.0, 0.0]}, ColumnError, "at least 0; got 2 rows with another"),
        ({"customer_id": ["x", "y", "z", "w"]}, SourceError, "in the table of gains; got none of 3 members"),
        ({"customer_id": ["a", "a", "z", "a"]}, ColumnError, "one row a member and action; got more of 'mail'"),
    ],
)
def test_gains_that_cannot_be_used(tmp_path: Path, change: dict[str, object], error: type[Exception], rule: str) -> None:
    with pytest.raises(error, match=rule):
        _read(FRAME.assign(**change), tmp_path)


def test_no_table_of_gains(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="which is not there"):
        read_gains(tmp_path / "gains.parquet", MEMBERS, ["mail"])
    (tmp_path / "gains.parquet").write_text("no")
    with pytest.raises(SourceError, match="cannot be read as one"):
        read_gains(tmp_path / "gains.parquet", MEMBERS, ["mail"])
    with pytest.raises(ColumnError, match="no 'return_gain'"):
        _read(FRAME.drop(columns="return_gain"), tmp_path)
    with pytest.raises(ColumnError, match="no 'return_gain_sd'"):
        _read(FRAME.drop(columns="return_gain_sd"), tmp_path)
