from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from features.errors import ColumnError, CutoffError, SourceError
from retention.tables import column_names, day_of, read_table

ROWS = "id,arm,arm,x\n07,a,NA,1\n08,,b,NaN\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text(ROWS)
    return path


@pytest.mark.parametrize("text", [ROWS, "\ufeff" + ROWS, ROWS.replace("\n", "\r\n"), ROWS.rstrip("\n")])
def test_a_csv_however_it_was_saved(file: Path, text: str) -> None:
    file.write_bytes(text.encode())
    assert column_names(file, "a trial") == ("id", "arm", "arm", "x")
    assert read_table(file, "a trial", wanted=["id", "x"], texts=["id"]).to_pydict() == {"id": ["07", "08"], "x": [1, None]}


def test_what_is_empty_and_what_is_a_text(file: Path) -> None:
    file.write_text("id,tier,x\nNA,NA,1.5\n中文,,\n9,Gold,NA\n")
    plain = read_table(file, "a trial", texts=["id"])
    assert plain.to_pydict() == {"id": ["NA", "中文", "9"], "tier": ["NA", "", "Gold"], "x": [1.5, None, None]}
    file.write_text("id,tier,x\nNA,NA,1.5\n中文,,\n")
    nulls = read_table(file, "a trial", texts=["id"], empty_is_null=True)
    assert nulls.to_pydict() == {"id": ["NA", "中文"], "tier": ["NA", None], "x": [1.5, None]}


def test_columns_that_are_not_there_or_twice(file: Path) -> None:
    with pytest.raises(ColumnError, match="more than one called 'arm'"):
        read_table(file, "a trial", wanted=["arm"])
    with pytest.raises(ColumnError, match="more than one called 'arm'"):
        read_table(file, "a trial")
    with pytest.raises(ColumnError, match="the columns of a trial are in its table; got no column 'y'"):
        read_table(file, "a trial", wanted=["y"])
    file.write_text(ROWS.replace(",", ";"))
    with pytest.raises(ColumnError, match="commas between the cells"):
        read_table(file, "a trial", wanted=["id"])


@pytest.mark.parametrize(
    "content", [b"", b"id,x\n1,2,3\n", "id\né\n".encode("latin-1"), ROWS.encode("utf-16"), b"id,x\n1,\x00\xff\n"]
)
def test_what_is_no_table(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    (tmp_path / "a.parquet").write_bytes(content)
    for name in ("a.csv", "a.parquet"):
        with pytest.raises(SourceError, match=r"a trial is a CSV or Parquet file.*which cannot be read as one"):
            read_table(tmp_path / name, "a trial")


def test_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "b.csv", tmp_path):
        with pytest.raises(SourceError, match="which is not there"):
            column_names(path, "a trial")


def test_days(tmp_path: Path) -> None:
    """A time has the date of its own zone, as it was written."""
    day, zone = dt.date(2020, 3, 1), dt.timezone(dt.timedelta(hours=2))
    times = [dt.datetime(2020, 3, 1, 0, 30, tzinfo=zone)]
    pa.parquet.write_table(
        pa.table({"t": pa.array(times, pa.timestamp("us", "+02:00")), "d": [day]}), tmp_path / "t.parquet"
    )
    read = read_table(tmp_path / "t.parquet", "a trial").to_pylist()[0]
    for value in (*read.values(), "2020-03-01T00:30:00+02:00", "2020-03-01"):
        assert day_of(value, "day") == day
    for value in (None, "", "01.03.2020", 7):
        with pytest.raises(CutoffError, match="a day is a date"):
            day_of(value, "day")
