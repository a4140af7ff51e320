"""A date on Spark is replaced whole or not at all, and no other is touched."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest

from features.errors import ColumnError, SourceError, UnusableLogError
from serving.batch.spark_targets import FolderTarget, TableTarget, Target, target_of

AS_OF, LATER = dt.date(2020, 8, 3), dt.date(2020, 8, 10)


def rows(spark: Any, as_of: dt.date, *values: tuple[str, float]) -> Any:
    schema = "customer_id string, as_of date, `p_tier_No. 1` double"
    return spark.createDataFrame([(member, as_of, value) for member, value in values], schema)


def put(target: Target, frame: Any) -> None:
    target.check(frame)
    try:
        target.stage(frame)
        target.publish()
    finally:
        target.clear()


def found(frame: Any) -> list[tuple[Any, ...]]:
    return sorted((row["customer_id"], row["as_of"], row["p_tier_No. 1"]) for row in frame.collect())


def files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in folder.iterdir()}


def test_a_folders_date_is_replaced_and_the_others_stay(spark: Any, tmp_path: Path) -> None:
    folder = tmp_path / "all"
    put(FolderTarget(spark, str(folder), AS_OF), rows(spark, AS_OF, ("a", 0.5), ("b", 0.25)))
    put(FolderTarget(spark, str(folder), LATER), rows(spark, LATER, ("a", 0.125)))
    before = files(folder / f"as_of={LATER}")
    put(FolderTarget(spark, str(folder), AS_OF), rows(spark, AS_OF, ("c", 1.0)))
    assert files(folder / f"as_of={LATER}") == before
    assert sorted(files(folder)) == [f"as_of={AS_OF}", f"as_of={LATER}"]
    assert found(spark.read.parquet(str(folder))) == [("a", LATER, 0.125), ("c", AS_OF, 1.0)]


def test_a_run_that_fails_leaves_the_date_as_it_was(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "all"
    target = FolderTarget(spark, str(folder), AS_OF)
    put(target, rows(spark, AS_OF, ("a", 0.5)))
    before = files(folder / f"as_of={AS_OF}")
    broken = rows(spark, AS_OF, ("a", 0.5), ("b", 0.25)).selectExpr("*", "raise_error('out of order') AS x")
    with pytest.raises(Exception, match="out of order"):
        put(FolderTarget(spark, str(folder), AS_OF), broken)
    renames = FolderTarget._rename

    def fails_once_moved(self: FolderTarget, source: Any, place: Any) -> None:
        if "_staged" in str(source):
            raise SourceError("a rule", "a refusal", "a way out")
        renames(self, source, place)

    monkeypatch.setattr(FolderTarget, "_rename", fails_once_moved)
    with pytest.raises(SourceError, match="a refusal"):
        put(FolderTarget(spark, str(folder), AS_OF), rows(spark, AS_OF, ("b", 0.25)))
    assert list(files(folder)) == [f"as_of={AS_OF}"]
    assert files(folder / f"as_of={AS_OF}") == before


def test_what_a_killed_run_has_left_is_mended(spark: Any, tmp_path: Path) -> None:
    folder, target = tmp_path / "all", FolderTarget(spark, str(tmp_path / "all"), AS_OF)
    put(target, rows(spark, AS_OF, ("a", 0.5)))
    (folder / f"as_of={AS_OF}").rename(folder / f"_replaced_as_of={AS_OF}_1234abcd")  # killed between the two renames
    for name in (f"_staged_as_of={AS_OF}_00000000", f"_staged_as_of={LATER}_00000000", f"_staged_as_of={AS_OF}_11111111"):
        (folder / name).mkdir()
    os.utime(folder / f"_staged_as_of={AS_OF}_00000000", (0, 0))  # that of another run that is at work is young
    target.check(rows(spark, AS_OF))
    assert sorted(files(folder)) == [
        f"_staged_as_of={AS_OF}_11111111",
        f"_staged_as_of={LATER}_00000000",
        f"as_of={AS_OF}",
    ]
    assert found(spark.read.parquet(str(folder))) == [("a", AS_OF, 0.5)]


def test_a_table_is_made_and_its_dates_replaced(spark: Any) -> None:
    spark.sql("CREATE DATABASE IF NOT EXISTS forecasts")
    spark.sql("DROP TABLE IF EXISTS forecasts.nightly")
    mode = spark.conf.get("spark.sql.sources.partitionOverwriteMode")
    put(TableTarget(spark, "forecasts.nightly", AS_OF), rows(spark, AS_OF, ("a", 0.5), ("b", 0.25)))
    put(TableTarget(spark, "forecasts.nightly", LATER), rows(spark, LATER, ("a", 0.125)))
    put(TableTarget(spark, "forecasts.nightly", AS_OF), rows(spark, AS_OF, ("c", 1.0)))
    expected = [("a", LATER, 0.125), ("c", AS_OF, 1.0)]
    assert found(spark.table("forecasts.nightly")) == expected
    with pytest.raises(UnusableLogError, match="the table is as it was"):
        put(TableTarget(spark, "forecasts.nightly", AS_OF), rows(spark, AS_OF))
    assert found(spark.table("forecasts.nightly")) == expected
    assert [table.name for table in spark.catalog.listTables("forecasts")] == ["nightly"]
    assert spark.conf.get("spark.sql.sources.partitionOverwriteMode") == mode


def test_a_table_of_another_kind_is_refused(spark: Any) -> None:
    spark.sql("CREATE DATABASE IF NOT EXISTS forecasts")
    target = TableTarget(spark, "forecasts.other", AS_OF)
    for made, said in (
        ("(customer_id STRING, as_of DATE, x DOUBLE) USING parquet", "partitioned by as_of; got one by nothing"),
        ("(y INT, as_of DATE, x INT) USING parquet PARTITIONED BY (as_of, x)", "partitioned by as_of; got one by as_of, x"),
        (
            "(customer_id BIGINT, x DOUBLE, as_of DATE) USING parquet PARTITIONED BY (as_of)",
            "the same columns; got a difference in customer_id, p_tier_No. 1, x",
        ),
    ):
        spark.sql("DROP TABLE IF EXISTS forecasts.other")
        spark.sql(f"CREATE TABLE forecasts.other {made}")
        with pytest.raises(ColumnError, match=said):
            target.check(rows(spark, AS_OF))
    spark.sql("DROP TABLE forecasts.other")


def test_a_url_names_one_of_both_on_the_logs_master(spark: Any, tmp_path: Path) -> None:
    assert isinstance(target_of("spark:?table=a.b", spark, AS_OF), TableTarget)
    assert isinstance(target_of("spark:local-cluster[2,1,1024]?parquet=/all/", spark, AS_OF), FolderTarget)
    for url in ("spark:?parquet=", "spark:?table=a&parquet=b", "postgresql://ann@host/shop?table=t"):
        with pytest.raises(SourceError, match="goes to Parquet or a table there"):
            target_of(url, spark, AS_OF)
    with pytest.raises(SourceError, match="a process has one Spark master"):
        target_of(f"spark:yarn?parquet={tmp_path}", spark, AS_OF)
