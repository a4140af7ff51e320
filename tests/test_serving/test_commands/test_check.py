from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

Run = Callable[..., tuple[int, str, str]]
DIRTY = """customer_id,timestamp,amount,shop
007,2020-01-01T09:00:00,12.50,a
,2020-01-02T09:00:00,1.00,a
7,soon,1.00,a
7,2020-01-03T09:00:00,oops,b
7,2020-01-04T09:00:00,-2.50,b
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log.csv").write_text(DIRTY)
    return tmp_path / "log.csv"


def test_the_report(run: Run, log: Path) -> None:
    code, out, err = run("check", log)
    assert (code, err) == (0, "")
    assert "rows           5" in out
    assert "usable         2 (40.00%)" in out
    assert "returned       2.50 in 1 row" in out
    assert out.count("refused   ") == 3


def test_the_report_as_json(run: Run, log: Path) -> None:
    code, out, err = run("check", log, "--json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert (report["rows"], report["usable_rows"], report["members"]) == (5, 2, 2)
    assert report["refused"] == {"no_member": 1, "unparsable_time": 1, "unparsable_amount": 1}
    assert report["first"] == "2020-01-01T09:00:00"


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_the_quarantine_holds_the_refused_rows_as_they_were(run: Run, log: Path, tmp_path: Path, suffix: str) -> None:
    code, _, err = run("check", log, "--quarantine", f"q.{suffix}")
    assert code == 0
    assert f"3 refused rows are in q.{suffix}" in err
    path = tmp_path / f"q.{suffix}"
    frame = pq.read_table(path).to_pandas() if suffix == "parquet" else pd.read_csv(path, dtype=str)
    assert list(frame.columns) == ["customer_id", "timestamp", "amount", "shop", "reason"]
    assert set(frame.reason) == {"no_member", "unparsable_time", "unparsable_amount"}
    assert set(frame.timestamp) == {"2020-01-02T09:00:00", "soon", "2020-01-03T09:00:00"}
    assert {path.name for path in tmp_path.iterdir()} == {"log.csv", f"q.{suffix}"}


def test_dates_of_another_order_are_told_of_with_what_reads_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("customer_id,timestamp\na,31.01.2020\n")
    code, out, err = run("check", "log.csv")
    assert code == 2
    assert "usable         0 (0%)" in out
    assert "for 31.01.2017 or 31/1/2017 say date_order: dmy" in out
    assert err.startswith("tiercast: a log has usable rows; got none of 1 row. To mend it: ")


def test_a_log_of_another_country(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("customer_id;timestamp;amount\na;31.01.2020 09:30;1.234,50\n")
    code, out, err = run("check", "log.csv", "--date-order", "dmy", "--decimal-comma")
    assert (code, err) == (0, "")
    assert "span           2020-01-31 09:30:00 to 2020-01-31 09:30:00" in out
    assert "bought         1,234.50" in out


def test_a_log_as_it_comes_from_far_away(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes('会员号^日期^时间^金额\n007^2020年1月31日^927^"¥1,234.50"\n'.encode("gb18030"))
    code, _, err = run("check", "log.csv")
    assert (code, "say which, as in encoding: windows-1252" in err) == (2, True)
    how = ("--encoding", "gb18030", "--delimiter", "^", "--number-format", "¥1,234.50", "--map", "customer_id=会员号")
    how += ("--map", "timestamp=日期+时间", "--map", "amount=金额")
    code, _, err = run("check", "log.csv", *how)
    assert (code, "write date_format: '%Y年%m月%d日 %H%M', which reads such times" in err) == (2, True)
    code, out, err = run("check", "log.csv", *how, "--date-format", "%Y年%m月%d日 %H%M")
    assert (code, err) == (0, "")
    assert "span           2020-01-31 09:27:00 to 2020-01-31 09:27:00" in out
    assert "bought         1,234.50" in out


def test_real_data(run: Run, journey_path: str, journey_map: dict[str, str]) -> None:
    pairs = [part for name, column in journey_map.items() for part in ("--map", f"{name}={column}")]
    code, out, _ = run("check", journey_path, *pairs)
    assert code == 0
    assert "rows           1,469,307" in out
    assert "members        2,469" in out


BAD = {
    "no log": ([], "a log is named; got none"),
    "no file": (["none.csv"], "a source names files that exist"),
    "empty": (["empty.csv"], "a file has a header and rows; got empty"),
    "header only": (["header.csv"], "a log has rows"),
    "missing column": (["columns.csv"], "a transaction log has columns 'customer_id' and 'timestamp'"),
    "corrupt parquet": (["corrupt.parquet"], "a parquet file can be read as such"),
    "cut off parquet": (["cut.parquet"], "a parquet file can be read as such"),
    "another kind": (["log.xlsx"], "save it as CSV UTF-8"),
    "a folder": (["."], "a source is a file or a glob"),
    "map without =": (["log.csv", "--map", "customer_id"], "--map is NAME=COLUMN; got 'customer_id'"),
    "map to nothing": (["log.csv", "--map", "customer_id="], "--map is NAME=COLUMN"),
    "map of an unknown name": (["log.csv", "--map", "customer=shop"], "a mapping names a contract column"),
    "map to an unknown column": (["log.csv", "--map", "amount=amuont"], "did you mean 'amount'?"),
    "quarantine of another kind": (["log.csv", "--quarantine", "q.xlsx"], "a quarantine is a .parquet or .csv file"),
    "quarantine below a file": (["log.csv", "--quarantine", "log.csv/q.csv"], "a file or folder cannot be used: "),
    "missing settings": (["log.csv", "--config", "none.yaml"], "none.yaml: a file can be read"),
    "unknown setting": (["log.csv", "--config", "unknown.yaml"], "horizn_days"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_checked_is_said_in_one_sentence(run: Run, log: Path, journey_path: str, name: str) -> None:
    folder = log.parent
    (folder / "empty.csv").touch()
    (folder / "header.csv").write_text("customer_id,timestamp,amount\n")
    (folder / "columns.csv").write_text("a,b\n1,2\n")
    (folder / "corrupt.parquet").write_bytes(b"PAR1 this is none PAR1")
    (folder / "cut.parquet").write_bytes(Path(journey_path).read_bytes()[:100_000])
    (folder / "log.xlsx").write_bytes(b"PK")
    (folder / "unknown.yaml").write_text("horizn_days: 28\n")
    arguments, said = BAD[name]
    code, _, err = run("check", *arguments)
    assert code == 2
    assert err.startswith("tiercast: ")
    assert err.count("\n") == 1
    assert said in err
    assert not (folder / "q.csv").exists()


def test_a_log_without_a_usable_row_is_reported_and_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("customer_id,timestamp,amount\n,2020-01-01,1\n7,soon,1\n")
    code, out, err = run("check", "log.csv", "--quarantine", "q.csv")
    assert code == 2
    assert "usable         0 (0%)" in out
    assert "no usable" not in err
    assert err.splitlines()[0] == "2 refused rows are in q.csv"
    assert "a log has usable rows; got none of 2 rows" in err.splitlines()[-1]
    code, out, _ = run("check", "log.csv", "--json")
    assert (code, json.loads(out)["usable_rows"]) == (2, 0)
