from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.engine import FILE, connect, fetch, open_table
from features.errors import SourceError

CSV = "customer_id,amount\n007,1.50\n8,oops\n"
ROWS = [{"customer_id": "007", "amount": "1.50"}, {"customer_id": "8", "amount": "oops"}]


@pytest.mark.parametrize("name", ["log.csv", "LOG.CSV", "log.txt", "log.csv.gz", "a [1].csv"])
def test_csv_values_come_as_text(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(CSV.encode()) if name.endswith("gz") else CSV.encode())
    assert fetch(open_table(path)).to_pylist() == ROWS


def test_a_tab_separated_file(tmp_path: Path) -> None:
    (tmp_path / "log.tsv").write_text(CSV.replace(",", "\t"))
    assert fetch(open_table(tmp_path / "log.tsv")).to_pylist() == ROWS


def test_files_of_a_glob_are_joined_by_column_name(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("customer_id,amount\na,1\n")
    (tmp_path / "2.csv").write_text("amount,customer_id,note\n2,b,hi\n")
    rows = fetch(open_table(str(tmp_path / "*.csv")).order_by("customer_id")).to_pylist()
    assert [Path(row.pop(FILE)).name for row in rows] == ["1.csv", "2.csv"]
    assert rows == [{"customer_id": "a", "amount": "1", "note": None}, {"customer_id": "b", "amount": "2", "note": "hi"}]


FRAME = {"customer_id": [1, 2], "note": [None, None]}


@pytest.mark.parametrize(
    "make",
    [lambda: pd.DataFrame(FRAME, index=[7, 8]), lambda: pa.table(FRAME), lambda: open_table(pa.table(FRAME))],
    ids=["pandas", "arrow", "ibis"],
)
def test_tables_in_memory(make: Callable[[], Any]) -> None:
    assert fetch(open_table(make())).to_pydict() == FRAME


def test_the_callers_frame_is_not_written_into() -> None:
    frame = pd.DataFrame({"customer_id": [1.0, float("nan")]})
    before = frame.copy(deep=True)
    assert fetch(open_table(frame))["customer_id"].to_pylist() == [1.0, None]
    pd.testing.assert_frame_equal(frame, before)


def test_the_engine_is_in_utc_and_installs_nothing() -> None:
    settings = "SELECT current_setting('TimeZone'), current_setting('autoinstall_known_extensions')"
    assert connect().raw_sql(settings).fetchall() == [("UTC", False)]


def test_an_ibis_table_of_a_local_session_is_refused() -> None:
    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'Asia/Shanghai'")
    connection.raw_sql("CREATE TABLE log AS SELECT 1 AS customer_id")
    with pytest.raises(SourceError, match="is in UTC; got Asia/Shanghai"):
        open_table(connection.table("log"))


def _folder(folder: Path) -> str:
    (folder / "months").mkdir()
    (folder / "months" / "1.CSV.GZ").touch()
    return f"{folder}/months/"


def _corrupt_parquet(folder: Path) -> str:
    (folder / "log.parquet").write_bytes(b"PAR1 this is none PAR1")
    return str(folder / "log.parquet")


def _mixed(folder: Path) -> str:
    (folder / "log.csv").write_text(CSV)
    (folder / "log.parquet").write_bytes(b"PAR1")
    return str(folder / "log.*")


def _empty(folder: Path) -> str:
    (folder / "log.csv").touch()
    return str(folder / "log.csv")


def _spreadsheet(folder: Path) -> str:
    (folder / "log.xlsx").write_bytes(b"PK")
    return str(folder / "log.xlsx")


def _unknown(folder: Path) -> str:
    (folder / "log.sas").write_bytes(b"PK")
    return str(folder / "log.sas")


def _broken_gzip(folder: Path) -> str:
    (folder / "log.csv.gz").write_bytes(b"no gzip")
    return str(folder / "log.csv.gz")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (str, "a source is a file or a glob; got the folder"),
        (_folder, "months/*.csv.gz'"),
        (lambda folder: str(folder / "*.csv"), "which matches nothing"),
        (lambda folder: str(folder / "log.csv"), "which matches nothing"),
        (_empty, "a file has a header and rows; got empty: "),
        (_mixed, "the files of one glob are of one kind; got CSV and Parquet"),
        (_spreadsheet, "save it as CSV UTF-8, or run pandas.read_excel"),
        (_unknown, "a file ends in one of .csv,"),
        (_corrupt_parquet, "a parquet file can be read as such"),
        (_broken_gzip, "a csv file can be read as such"),
        (lambda _: [1, 2], "a source is a path, a pandas frame, an Arrow table or an Ibis table; got list"),
        (lambda _: None, "got NoneType"),
        (lambda _: pd.DataFrame(), "a log has columns"),
        (lambda _: pd.DataFrame({"customer_id": [1, "a"]}), "a column holds values of one type"),
    ],
)
def test_what_cannot_be_opened_is_said(tmp_path: Path, make: Any, said: str) -> None:
    with pytest.raises(SourceError) as raised:
        open_table(make(tmp_path))
    assert said in str(raised.value)


def test_a_file_damaged_below_its_header_is_said_on_reading(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(
        pa.table({"customer_id": [str(i) for i in range(10_000)]}), path, compression="gzip", use_dictionary=False
    )
    content = bytearray(path.read_bytes())
    content[100:4_000] = bytes(3_900)
    path.write_bytes(content)
    with pytest.raises(SourceError, match="a log can be read to its end"):
        fetch(open_table(path))


HEADER = "customer_id,timestamp,amount\n"


def test_brackets_in_a_name_are_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "log[1].csv").write_text(HEADER + "7,2017-01-01,1.5\n" * 3)
    (tmp_path / "log1.csv").write_text(HEADER + "7,2017-01-01,1.5\n")
    assert fetch(open_table(tmp_path / "log[1].csv")).num_rows == 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_line_cut_short_costs_no_other(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text((HEADER + "7,2017-01-01,1.5\n8,2017-01-02\n9,2017-01-03,2\n").replace(",", delimiter))
    assert fetch(open_table(path))["amount"].to_pylist() == ["1.5", None, "2"]


def test_a_line_with_a_field_too_many_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(HEADER + "7,2017-01-01,1,234.50\n")
    with pytest.raises(SourceError, match="a line has as many fields as the header; got 1 more"):
        open_table(path)


def test_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes((HEADER + "Zoë,2017-01-01,1.5\n").encode("latin1"))
    with pytest.raises(SourceError, match=r"a CSV file is in UTF-8; .* encoding: windows-1252"):
        fetch(open_table(path))


def test_a_value_of_a_mixed_column_is_not_repeated() -> None:
    with pytest.raises(SourceError, match=r"several in 'InvoiceNo'. To mend it: cast it") as caught:
        open_table(pd.DataFrame({"InvoiceNo": [536365, "C536379"]}))
    assert "C536379" not in str(caught.value)
