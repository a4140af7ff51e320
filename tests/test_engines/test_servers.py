"""How tables on servers are opened, and what is said when that fails: never a password."""

from __future__ import annotations

import datetime as dt
import traceback
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.engine import fetch, open_table, write
from features.errors import CutoffError, SourceError, UnusableLogError
from features.on_spark import feature_rows
from features.verdicts import check

PASSWORD = "only for this folder"
LOG = pa.table({"customer_id": ["a", "b"], "timestamp": ["2017-01-01", "soon"]})


@pytest.fixture
def log(postgres: Any) -> Any:
    postgres.load("log", "customer_id text, timestamp text", LOG)
    return postgres


@pytest.fixture
def parquet(tmp_path: Path, spark: Any) -> Path:
    pq.write_table(LOG, tmp_path / "log.parquet")
    return tmp_path / "log.parquet"


def said(url: str) -> str:
    with pytest.raises(SourceError) as raised:
        fetch(open_table(url))
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))
    return str(raised.value)


def test_the_password_comes_from_the_environment(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert fetch(open_table(log.url("public.log"))).to_pylist() == LOG.to_pylist()
    assert fetch(open_table(log.url("log").replace("postgresql:", "postgres:"))).num_rows == 2


def test_sessions_of_ours_are_in_utc(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    cursor = open_table(log.url("log")).get_backend().raw_sql("SHOW TimeZone")
    with cursor:
        assert cursor.fetchone() == ("UTC",)


def test_what_cannot_be_read_on_postgresql_is_said(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD + "!")
    assert "password authentication failed" in said(log.url("log"))
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert "the table of a URL exists; got 'nowhere.log'" in said(log.url("nowhere.log"))
    assert "the table of a URL exists; got 'sales'" in said(log.url("sales"))
    log.run(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
    assert "a connection's user may read the table; got permission denied for table log" in said(log.url("log", "guest"))
    assert "Connection refused" in said("postgresql://ann@127.0.0.1:1/shop?table=log")


def test_a_server_that_goes_away_is_said(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    table = open_table(log.url("log"))
    log.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'postgres'")
    with pytest.raises(SourceError, match="a log can be read to its end; got "):
        fetch(table)


def test_a_callers_session_in_another_zone_is_refused(log: Any, parquet: Path) -> None:
    backend = ibis.postgres.connect(host=str(log.folder), port=log.port, user="tiercast", database="postgres")
    assert fetch(open_table(backend.table("log"))).num_rows == 2
    backend.raw_sql("SET TimeZone = 'Asia/Shanghai'").close()
    with pytest.raises(SourceError, match=r"is in UTC; got Asia/Shanghai\. To mend it: run SET TimeZone = 'UTC'"):
        open_table(backend.table("log"))
    backend.disconnect()

    ours = open_table(f"spark:?parquet={parquet}")
    assert fetch(open_table(ours)).num_rows == 2
    ours.get_backend().raw_sql("SET TIME ZONE 'Asia/Shanghai'")
    with pytest.raises(SourceError, match=r"is in UTC; got Asia/Shanghai\. To mend it: run SET TIME ZONE 'UTC'"):
        open_table(ours)


def test_a_session_of_ours_leaves_the_callers_alone(spark: Any, parquet: Path) -> None:
    open_table(f"spark:local-cluster[2,1,1024]?parquet={parquet}")
    assert spark.conf.get("spark.sql.session.timeZone") == "Asia/Shanghai"


def test_a_table_of_sparks_catalogue(spark: Any, parquet: Path) -> None:
    spark.sql("CREATE DATABASE IF NOT EXISTS shop")
    spark.sql("DROP TABLE IF EXISTS shop.log")
    spark.sql(f"CREATE TABLE shop.log USING parquet LOCATION '{parquet.parent}'")
    assert fetch(open_table("spark:?table=shop.log")).to_pylist() == LOG.to_pylist()


def test_what_cannot_be_read_on_spark_is_said(spark: Any) -> None:
    assert "the table of a Spark URL can be read; got 'shop.none': " in said("spark:?table=shop.none")
    assert "the parquet of a Spark URL can be read; got '/none.parquet': " in said("spark:?parquet=/none.parquet")
    assert "a process has one Spark master; got 'local[2]' beside 'local-cluster[2,1,1024]'" in said(
        "spark:local[2]?table=log"
    )


def test_a_result_may_be_empty(log: Any, parquet: Path) -> None:
    url = f"postgresql:///postgres?host={log.folder}&port={log.port}&user=tiercast&table=log"
    for source in (LOG, url, f"spark:?parquet={parquet}"):
        clean = check(source).clean
        nothing = fetch(clean.filter(clean.customer_id == "nobody"))
        assert nothing.num_rows == 0
        assert nothing.schema.types[:3] == [pa.string(), pa.timestamp("us"), pa.float64()]


def test_the_quarantine_is_one_file_on_every_engine(log: Any, parquet: Path, tmp_path: Path) -> None:
    url = f"postgresql:///postgres?host={log.folder}&port={log.port}&user=tiercast&table=log"
    refused = [{"customer_id": "b", "timestamp": "soon", "reason": "unparsable_time"}]
    for place, source in enumerate((LOG, url, f"spark:?parquet={parquet}")):
        target = tmp_path / f"{place}.parquet"
        write(check(source).quarantine, target, target.suffix)
        assert pq.read_table(target).to_pylist() == refused


def test_wrong_arguments_are_said_before_the_executors_start(parquet: Path) -> None:
    checked = check(f"spark:?parquet={parquet}")
    with pytest.raises(CutoffError, match="a cutoff lies after the log's first day; got 2017-01-01"):
        feature_rows(checked, [dt.date(2017, 1, 1)], horizon_days=28, lookback_days=91)
    pq.write_table(LOG.slice(1), parquet)
    with pytest.raises(UnusableLogError, match="a log has usable rows"):
        feature_rows(check(f"spark:?parquet={parquet}"), [dt.date(2017, 2, 1)], horizon_days=28, lookback_days=91)
