"""serving/desk/erasing.py: members leave the tables in a home, and nothing else does."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from stores import fill, opened, row, sqlite_url

from features.errors import ArtifactError, SourceError
from serving.database.engine import reading
from serving.database.erasure import erased_marks
from serving.database.tables import FORECAST
from serving.desk.erasing import erase_everywhere, wipe_tables
from serving.privacy import wiping
from serving.privacy.wiping import Wiped


def left_in(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir() if path.name != ".erasing.lock")


IDS = ["007", "7", "ä,b", 'say "x"', "line\nend", "", "7.0"]


def test_rows_leave_and_the_rest_keeps_every_byte(tmp_path: Path) -> None:
    table = pa.table({"p": [0.1 * i for i in range(7)], "customer_id": IDS, "note": ["n"] * 7})
    pq.write_table(table, tmp_path / "forecasts.parquet", row_group_size=2)
    pyarrow.csv.write_csv(table, tmp_path / "forecasts.csv")
    before = (tmp_path / "forecasts.csv").read_bytes()
    wiped = wipe_tables(tmp_path, ["7", "line\nend"], numbers=False)
    assert wiped == [Wiped(tmp_path / "forecasts.parquet", 2), Wiped(tmp_path / "forecasts.csv", 2)]
    left = pq.read_table(tmp_path / "forecasts.parquet")
    assert left.equals(table.filter(pa.array([i not in {"7", "line\nend"} for i in IDS])))
    after = (tmp_path / "forecasts.csv").read_bytes()
    assert after == before.replace(b'0.1,"7","n"\n', b"").replace(b'0.4,"line\nend","n"\n', b"")
    assert len(after) < len(before)
    assert left_in(tmp_path) == ["forecasts.csv", "forecasts.parquet"]


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64()])
def test_numbers_are_one_however_they_are_written(tmp_path: Path, kind: pa.DataType) -> None:
    table = pa.table({"customer_id": pa.array([7, 8, 70], kind)})
    pq.write_table(table, tmp_path / "forecasts.parquet")
    pyarrow.csv.write_csv(table, tmp_path / "forecasts.csv")
    table.to_pandas().to_csv(tmp_path / "plan.csv")
    assert [found.rows for found in wipe_tables(tmp_path, ["7"], numbers=True)] == [1, 1, 1]
    assert pq.read_table(tmp_path / "forecasts.parquet")["customer_id"].to_pylist() == [8, 70]
    assert pd.read_csv(tmp_path / "plan.csv")["customer_id"].tolist() == [8, 70]


def test_only_tables_of_members_are_touched(tmp_path: Path) -> None:
    pd.DataFrame({"customer_id": ["a", "b"], "action": ["call", "mail"]}).to_csv(tmp_path / "plan-2020.csv", index=False)
    pd.DataFrame({"customer_id": ["a", "b"]}).to_parquet(tmp_path / "plan.parquet")
    untouched = {
        "plan-costs.csv": b"action,cost\na,1\n",
        "own.csv": b"customer_id\na\n",
        "plan.txt": b"customer_id\na\n",
        "plan-empty.csv": b"",
    }
    for name, content in untouched.items():
        (tmp_path / name).write_bytes(content)
    pd.DataFrame({"action": ["a"]}).to_parquet(tmp_path / "plan-costs.parquet")
    assert {found.path.name: found.rows for found in wipe_tables(tmp_path, ["a"], numbers=False)} == {
        "plan.parquet": 1,
        "plan-2020.csv": 1,
    }
    assert (tmp_path / "plan-2020.csv").read_bytes() == b"customer_id,action\nb,mail\n"
    assert {name: (tmp_path / name).read_bytes() for name in untouched} == untouched


def test_where_nobody_is_found_no_file_is_written(tmp_path: Path) -> None:
    pd.DataFrame({"customer_id": ["a"]}).to_csv(tmp_path / "forecasts.csv", index=False)
    pd.DataFrame({"customer_id": ["a"]}).to_parquet(tmp_path / "forecasts.parquet")
    before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in sorted(tmp_path.glob("f*"))]
    assert wipe_tables(tmp_path, ["b"], numbers=False) == []
    assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in sorted(tmp_path.glob("f*"))] == before
    assert wipe_tables(tmp_path / "none", ["b"], numbers=False) == []


def test_a_byte_order_mark_does_not_hide_the_column(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_bytes(b"\xef\xbb\xbfcustomer_id,x\r\na,1\r\nb,2\r\n")
    assert wipe_tables(tmp_path, ["a"], numbers=False) == [Wiped(tmp_path / "plan.csv", 1)]
    assert pd.read_csv(tmp_path / "plan.csv")["customer_id"].tolist() == ["b"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("forecasts.parquet", b"none"),
        ("forecasts.csv", b'customer_id\n"never closed\n'),
        ("plan.csv", b"customer_id\n\xff\n"),
    ],
)
def test_a_damaged_table_is_said_and_left(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=f"from .*{name}") as caught:
        wipe_tables(tmp_path, ["secretive"], numbers=False)
    assert "secretive" not in str(caught.value)
    assert (tmp_path / name).read_bytes() == content
    assert left_in(tmp_path) == [name]


@pytest.mark.parametrize("name", ["forecasts.csv", "forecasts.parquet"])
def test_a_table_that_a_batch_replaces_meanwhile_is_not_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def write(rows: list[str]) -> None:
        frame = pd.DataFrame({"customer_id": rows})
        new = tmp_path / f"new-{name}"
        frame.to_csv(new, index=False) if name.endswith("csv") else frame.to_parquet(new)
        new.replace(tmp_path / name)

    write(["a", "b"])
    check = wiping._check_in_place

    def replaced_first(path: Path, inode: int) -> None:
        monkeypatch.setattr(wiping, "_check_in_place", check)
        write(["a", "b", "c"])
        check(path, inode)

    monkeypatch.setattr(wiping, "_check_in_place", replaced_first)
    assert [found.rows for found in wipe_tables(tmp_path, ["a"], numbers=False)] == [1]
    read = pd.read_csv if name.endswith("csv") else pd.read_parquet
    assert read(tmp_path / name)["customer_id"].tolist() == ["b", "c"]  # type: ignore[operator]


def test_erased_everywhere_and_left_out_of_the_next_batch(tmp_path: Path) -> None:
    engine = opened(sqlite_url(tmp_path))
    fill(engine, [row("a"), row("b"), row("c")])
    pd.DataFrame({"customer_id": ["a", "b"]}).to_csv(tmp_path / "forecasts.csv", index=False)
    done = erase_everywhere(engine, tmp_path, ["a", "never"], b"s" * 32)
    assert done.known
    assert [receipt.counts["forecast"] for receipt in done.receipts] == [1, 0]
    assert done.tables == [Wiped(tmp_path / "forecasts.csv", 1)]
    with reading(engine) as connection:
        assert set(connection.execute(select(FORECAST.c.member)).scalars()) == {"b", "c"}
    assert len(erased_marks(engine)) == 2
    assert b"a" not in (tmp_path / "forecasts.csv").read_bytes().splitlines()
    again = erase_everywhere(engine, tmp_path, ["a"], b"s" * 32)
    assert (again.known, again.tables, again.receipts[0].id) == (True, [], done.receipts[0].id)
    assert not erase_everywhere(engine, tmp_path, ["never"], b"s" * 32).known
    engine.dispose()


def test_one_damaged_table_keeps_nobody_in_the_others(tmp_path: Path) -> None:
    (tmp_path / "forecasts.parquet").write_bytes(b"none")
    pd.DataFrame({"customer_id": ["a", "b"]}).to_csv(tmp_path / "plan.csv", index=False)
    with pytest.raises(SourceError):
        wipe_tables(tmp_path, ["a"], numbers=False)
    assert pd.read_csv(tmp_path / "plan.csv")["customer_id"].tolist() == ["b"]


@given(st.lists(st.text(st.sampled_from('a7",\n\r .'), max_size=4), max_size=8), st.data())
@settings(max_examples=30, deadline=None)
def test_what_is_left_is_what_a_reader_would_leave(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str], data: st.DataObject
) -> None:
    home = tmp_path_factory.mktemp("home")
    gone = set(data.draw(st.lists(st.sampled_from(ids), max_size=3))) if ids else set()
    with (home / "forecasts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["n", "customer_id"])
        writer.writerows(enumerate(ids))
    wipe_tables(home, gone, numbers=False)
    text = (home / "forecasts.csv").read_bytes().decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows == [["n", "customer_id"], *([str(n), i] for n, i in enumerate(ids) if i not in gone)]


def test_every_date_of_a_data_set(tmp_path: Path) -> None:
    table = pa.table({"customer_id": ["a", "b"]})
    for date in ("2018-01-02", "2018-01-03"):
        (tmp_path / "all" / f"as_of={date}").mkdir(parents=True)
        pq.write_table(table, tmp_path / "all" / f"as_of={date}" / "forecasts.parquet")
    assert [found.rows for found in wipe_tables(tmp_path, ["a"], numbers=False)] == [1, 1]
    assert pq.read_table(tmp_path / "all")["customer_id"].to_pylist() == ["b", "b"]
    assert left_in(tmp_path) == ["all"]


def test_what_a_broken_off_batch_left_goes_and_what_is_damaged_keeps_nobody_in_the_rest(tmp_path: Path) -> None:
    engine = opened(sqlite_url(tmp_path))
    fill(engine, [row("a"), row("b")])
    (tmp_path / ".scoring").mkdir()
    (tmp_path / ".scoring" / "0000000.table").touch()
    (tmp_path / "watch" / "v").mkdir(parents=True)
    (tmp_path / "watch" / "v" / "2020-01-01.parquet").write_bytes(b"none")
    pd.DataFrame({"customer_id": ["a", "b"]}).to_csv(tmp_path / "forecasts.csv", index=False)
    with pytest.raises(ArtifactError, match=r"2020-01-01\.parquet"):
        erase_everywhere(engine, tmp_path, ["a"], b"s" * 32)
    engine.dispose()
    assert not (tmp_path / ".scoring").exists()
    assert pd.read_csv(tmp_path / "forecasts.csv")["customer_id"].tolist() == ["b"]
