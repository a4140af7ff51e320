from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import ColumnError, SourceError
from retention.uplift.members import column_names, read_members


def test_numbers_texts_yes_and_no(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "n": [1.0, None], "t": [None, " x "], "b": [True, False], "none": [None, None]})
    frame["t"] = frame.t.astype("category")
    frame.to_parquet(tmp_path / "m.parquet")
    ids, known = read_members(tmp_path / "m.parquet", "id", ["n", "t", "b", "none"])
    assert ids.tolist() == ["a", "b"]
    assert known["t"].tolist() == ["", "x"]
    assert known["b"].tolist() == [1.0, 0.0]
    assert np.isnan(known["n"][1])
    assert np.isnan(known["none"]).all()


def test_dates_and_lists_are_no_covariates(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"a": [1], "day": [dt.date(2020, 1, 1)], "time": pd.to_datetime(["2020-01-01"]), "l": [[1]], "t": ["x"]}
    )
    frame.to_parquet(tmp_path / "m.parquet")
    assert column_names(tmp_path / "m.parquet") == ["a", "t"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("id,n\n1,2\n1,3\n", "members are there once"),
        ("id,n\n1,2\n,3\n", "every row says its member; got 1 row without"),
        ("id,m\n1,2\n", "no column 'n'"),
    ],
)
def test_members_that_cannot_be_told_of(tmp_path: Path, text: str, rule: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(ColumnError, match=rule):
        read_members(tmp_path / "m.csv", "id", ["n"])


def test_members_without_a_row_or_with_what_is_no_number(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("id,n\n")
    with pytest.raises(SourceError, match="rows of a table; got none"):
        read_members(path, "id", ["n"])
    path.write_text("id,n\n1,inf\n")
    with pytest.raises(ColumnError, match="infinity in 'n'"):
        read_members(path, "id", ["n"])
    path.write_text("id,n\n1,2020-01-01\n")
    with pytest.raises(ColumnError, match="is a number; got 'n' with date32"):
        read_members(path, "id", ["n"])


def test_no_file_and_no_table(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="which is not there"):
        read_members(tmp_path / "m.csv", "id", [])
    (tmp_path / "m.parquet").write_text("no")
    with pytest.raises(SourceError, match="cannot be read as one"):
        column_names(tmp_path / "m.parquet")
