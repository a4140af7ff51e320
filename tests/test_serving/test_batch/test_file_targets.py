from __future__ import annotations

import datetime as dt
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from serving.batch.file_targets import CsvTarget, DatasetTarget, ParquetTarget
from serving.batch.targets import Target

DAYS = [dt.date(2018, 1, 2), dt.date(2018, 1, 3)]


def table(day: dt.date, *members: str) -> pa.Table:
    return pa.table({"customer_id": list(members), "as_of": pa.array([day] * len(members), pa.date32())})


def put(target: Target, *tables: pa.Table) -> None:
    with target:
        for one in tables:
            target.write(one)
        target.close()
        target.commit()


def test_a_date_is_replaced_and_no_other(tmp_path: Path) -> None:
    for day, members in ((DAYS[0], "ab"), (DAYS[1], "ab"), (DAYS[1], "abc")):
        put(DatasetTarget(tmp_path / "all", day), table(day, *members[:1]), table(day, *members[1:]))
    found = pq.read_table(tmp_path / "all")
    assert list(zip(found["as_of"].to_pylist(), found["customer_id"].to_pylist(), strict=True)) == [
        ("2018-01-02", "a"),
        ("2018-01-02", "b"),
        *(("2018-01-03", member) for member in "abc"),
    ]
    names = [path.name for path in (tmp_path / "all").rglob("*") if path.is_file()]
    assert names == ["forecasts.parquet"] * 2


@pytest.mark.parametrize("kind", [ParquetTarget, CsvTarget])
@pytest.mark.parametrize("closed", [True, False])
def test_what_is_not_committed_leaves_no_trace(tmp_path: Path, kind: type[ParquetTarget], *, closed: bool) -> None:
    path = tmp_path / "table"
    put(kind(path), table(DAYS[0], "old"))
    before = path.read_bytes()
    with suppress(KeyboardInterrupt), kind(path) as target:
        target.write(table(DAYS[0], "new"))
        if closed:
            target.close()
        raise KeyboardInterrupt
    with kind(path):
        pass  # not a row, and no error
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("table", before)]


def test_members_are_taken_out_again(tmp_path: Path) -> None:
    targets = [
        ParquetTarget(tmp_path / "t.parquet"),
        CsvTarget(tmp_path / "t.csv"),
        DatasetTarget(tmp_path / "all", DAYS[0]),
    ]
    for target in targets:
        put(target, table(DAYS[0], "a", "b"))
        target.wipe(["a"], numbers=False)
    assert pq.read_table(tmp_path / "t.parquet")["customer_id"].to_pylist() == ["b"]
    assert pyarrow.csv.read_csv(tmp_path / "t.csv")["customer_id"].to_pylist() == ["b"]
    assert pq.read_table(tmp_path / "all")["customer_id"].to_pylist() == ["b"]
