from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from features.csv_files import Layout
from features.csv_tables import FILE, MISSING
from features.engine import fetch, open_table
from features.errors import ConfigError, SourceError
from features.verdicts import check


def test_a_file_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "log.dat").write_text(" 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n")
    layout = Layout(header=("customer_id", "date", "quantity", "amount"))
    rows = fetch(open_table(tmp_path / "log.dat", layout)).to_pylist()
    assert rows[0] == {"customer_id": "00001", "date": "19970101", "quantity": "1", "amount": "11.77"}
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (("a", "b"), "2 names, and 3 fields on the first line"),
        (("id", "when", "paid"), "a header is said of a file without one"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path: Path, header: tuple[str, ...], said: str) -> None:
    (tmp_path / "log.csv").write_text("id,when,paid\n7,2017-01-01,1.5\n")
    with pytest.raises(SourceError, match=said):
        open_table(tmp_path / "log.csv", Layout(header=header))


def test_files_of_another_encoding_keep_their_order(tmp_path: Path) -> None:
    for month, name in ((1, "ä"), (2, "ö")):
        (tmp_path / f"{month}.csv").write_bytes(f"id;who\n{month};{name}\n".encode("windows-1252"))
    table = open_table(str(tmp_path / "*.csv"), Layout(encoding="windows-1252"))
    assert fetch(table.order_by(FILE).select("id", "who")).to_pylist() == [{"id": "1", "who": "ä"}, {"id": "2", "who": "ö"}]


def _table(_: Path) -> Any:
    return pa.table({"id": [1]})


def _parquet(folder: Path) -> Any:
    import pyarrow.parquet

    pyarrow.parquet.write_table(pa.table({"id": [1]}), folder / "log.parquet")
    return folder / "log.parquet"


@pytest.mark.parametrize("make", [_table, _parquet, lambda _: "postgresql://ann@host/shop?table=log"])
def test_of_what_is_no_csv_a_layout_is_refused(tmp_path: Path, make: Any) -> None:
    with pytest.raises(ConfigError, match="encoding, delimiter and header are of CSV files; got 'encoding' of"):
        open_table(make(tmp_path), Layout(encoding="gb18030"))


def test_what_stands_for_nothing_is_nothing(tmp_path: Path) -> None:
    ids = [*MISSING, "Nancy", "NA7", "0", "nothing"]
    (tmp_path / "log.csv").write_text("id,n\n" + "".join(f'{text},1\n"{text}",2\n' for text in ids))
    found = fetch(open_table(tmp_path / "log.csv"))["id"].to_pylist()
    assert found == [None] * 2 * len(MISSING) + [text for text in ids[len(MISSING) :] for _ in range(2)]


def test_customers_called_null_are_guests(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("customer_id,timestamp\nNULL,2017-01-01\nNULL,2017-01-02\n7,2017-01-02\n")
    checked = check(tmp_path / "log.csv")
    assert fetch(checked.rows.select("tc_reason"))["tc_reason"].to_pylist() == ["no_member", "no_member", None]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (",id,n\n0,7,1\n", {"id": "7", "n": "1"}),  # as pandas writes a frame with its index
        ("id,n,\n7,1,\n", {"id": "7", "n": "1"}),
        ("id,,n" + "," * 9 + "\n7,,1" + "," * 9 + "\n", {"id": "7", "n": "1"}),
        ("sep=;\nid;n\n7;1\n", {"id": "7", "n": "1"}),
        ('\ufeff"sep=;"\r\nid;n\r\n7;1\r\n', {"id": "7", "n": "1"}),
        ("\n\nid;n\n7;1\n\n", {"id": "7", "n": "1"}),
        ("'id','n'\n'7','1'\n", {"id": "7", "n": "1"}),
    ],
)
def test_what_other_programmes_put_around(tmp_path: Path, text: str, columns: dict[str, str]) -> None:
    (tmp_path / "log.csv").write_bytes(text.encode())
    (row,) = fetch(open_table(tmp_path / "log.csv")).to_pylist()
    assert {name: row[name] for name in columns} == columns
    assert {value for name, value in row.items() if name not in columns} <= {None, "0"}


def test_a_line_with_more_fields_than_a_header_with_a_blank_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(",id,n\n0,7,1,234\n")
    with pytest.raises(SourceError, match="a line has as many fields as the header; got 1 more"):
        open_table(tmp_path / "log.csv")


def test_bytes_of_zero_are_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes("id,n\n7,1\n".encode("utf-16-be"))
    with pytest.raises(SourceError, match="or utf-16-le or utf-16-be"):
        open_table(tmp_path / "log.csv")
    assert fetch(open_table(tmp_path / "log.csv", Layout(encoding="utf-16-be"))).to_pylist() == [{"id": "7", "n": "1"}]


def test_a_file_of_blank_lines_is_empty(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("\n \n")
    with pytest.raises(SourceError, match="nothing but blank lines"):
        open_table(tmp_path / "log.csv")
