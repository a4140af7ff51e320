from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import ColumnError, SourceError
from retention.trial.cells import columns_of, ids, read_columns, texts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("id,arm,arm,x\n07,a,a,1\n,b,b,2\n")
    return path


def test_columns_and_texts(file: Path) -> None:
    assert columns_of(file) == ("id", "arm", "arm", "x")
    table = read_columns(file, ["id", "x"], ["id"])
    assert texts(table["id"]).tolist() == ["07", ""]
    with pytest.raises(ColumnError, match="1 row without"):
        ids(table["id"], "id")


def test_what_cannot_be_read(file: Path, tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="more than one called 'arm'"):
        read_columns(file, ["arm"], [])
    with pytest.raises(ColumnError, match="no column 'y'"):
        read_columns(file, ["y"], [])
    with pytest.raises(SourceError, match="not there"):
        columns_of(tmp_path / "b.csv")
