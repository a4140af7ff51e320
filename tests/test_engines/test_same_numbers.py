"""DuckDB = PostgreSQL = Spark, to the bit: the daily fold and the features, on Complete Journey and on hard amounts."""

from __future__ import annotations

import datetime as dt
import struct
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import features
from features.daily import Line, daily, fold
from features.engine import fetch, open_table
from features.feature_table import FeatureTable
from features.on_spark import feature_rows
from features.policy import TierPolicy
from features.reading import from_log
from features.verdicts import Checked, check

CUTOFFS = [dt.date(2017, 3, 1), dt.date(2017, 11, 6), dt.date(2017, 12, 4)]
DAYS = {"horizon_days": 28, "lookback_days": 91}
SQL_TYPES = {"int64": "bigint", "double": "double precision", "timestamp[ns]": "timestamp"}


@pytest.fixture(scope="module")
def on_duckdb(journey_path: str, journey_map: dict[str, str]) -> Checked:
    return check(journey_path, journey_map)


@pytest.fixture(scope="module")
def on_postgres(postgres: Any, on_duckdb: Checked, journey_path: str, journey_map: dict[str, str]) -> Checked:
    columns = [source for sources in on_duckdb.columns.sources.values() for source in sources]
    table = pq.read_table(journey_path, columns=columns).select(columns)
    kinds = ", ".join(f"{field.name} {SQL_TYPES[str(field.type)]}" for field in table.schema)
    postgres.load("journey", kinds, table)
    return check(at(postgres, "public.journey"), journey_map)


@pytest.fixture(scope="module")
def on_spark(spark: Any, journey_path: str, journey_map: dict[str, str]) -> Checked:
    return check(f"spark:?parquet={journey_path}", journey_map)


def at(cluster: Any, table: str) -> str:
    return f"postgresql:///postgres?host={cluster.folder}&port={cluster.port}&user=tiercast&table={table}"


def everywhere(log: pa.Table, kinds: str, cluster: Any, folder: Path) -> tuple[str, str]:
    """The same log on PostgreSQL and, as Parquet, on Spark."""
    pq.write_table(log, folder / "log.parquet")
    cluster.load("everywhere", kinds, log)
    return at(cluster, "everywhere"), f"spark:?parquet={folder / 'log.parquet'}"


def folded(checked: Checked) -> pa.Table:
    """In an order of our own: that of text is each engine's."""
    table = fetch(daily(checked.clean))
    member = table["member"].cast("binary") if pa.types.is_string(table["member"].type) else table["member"]
    order = pa.table({"member": member, "day": table["day"]}).to_pandas().sort_values(["member", "day"]).index
    whole = pa.schema(
        [("member", table["member"].type), ("day", pa.date32()), *((n, pa.int64()) for n in table.column_names[2:])]
    )
    return table.take(pa.array(order)).cast(whole)


def test_the_daily_fold_of_complete_journey(on_duckdb: Checked, on_postgres: Checked, on_spark: Checked) -> None:
    expected = folded(on_duckdb)
    assert expected.num_rows > 100_000
    for other in (on_postgres, on_spark):
        assert folded(other).columns == expected.columns
        assert other.end == on_duckdb.end


def test_the_features_of_complete_journey(
    on_duckdb: Checked, on_postgres: Checked, on_spark: Checked, journey_policy: TierPolicy
) -> None:
    def described(checked: Checked) -> FeatureTable:
        return features.build(from_log(checked), CUTOFFS, **DAYS, policy=journey_policy)  # type: ignore[arg-type]

    expected, other = described(on_duckdb), described(on_postgres)
    assert np.array_equal(expected.members, other.members)
    assert np.array_equal(expected.x, other.x, equal_nan=True)

    rows = feature_rows(on_spark, CUTOFFS, **DAYS, policy=journey_policy, partitions=4)  # type: ignore[arg-type]
    frame = rows.toArrow().to_pandas().sort_values(["cutoff", "customer_id"])
    assert tuple(frame.columns) == ("customer_id", "cutoff", *expected.names)
    assert np.array_equal(frame["customer_id"].to_numpy(), expected.members)
    assert frame["cutoff"].tolist() == expected.to_pandas()["cutoff"].tolist()
    x = frame[list(expected.names)].to_numpy()
    assert np.array_equal(x, expected.x, equal_nan=True)
    assert np.array_equal(np.signbit(x), np.signbit(expected.x))
    assert rows.rdd.getNumPartitions() == 4


def test_the_usability_report(postgres: Any, spark: Any, tmp_path: Path) -> None:
    log = pa.table(
        {
            "customer_id": pa.array([1, 1, 1, 2, None, 3]),
            "timestamp": ["2017-01-01"] * 3 + ["2017-01-05T10:00Z", "2017-01-01", "2017-02-30"],
            "amount": pa.array([1.0, 1.0, 2.5, -3.0, 1.0, None]),
        }
    )
    expected = features.report(check(log))
    assert (expected.usable_rows, expected.repeated_rows, expected.returned_amount) == (4, 1, 3.0)
    for place in everywhere(log, "customer_id bigint, timestamp text, amount double precision", postgres, tmp_path):
        assert features.report(check(place)) == expected


def test_what_else_a_log_has(postgres: Any, spark: Any, tmp_path: Path) -> None:
    rows = [
        (f"m{line % 7}", dt.datetime(2017, 1, 1, 9) + dt.timedelta(hours=37 * line), float(line % 11) - 1.0, label, line / 8)
        for line, label in enumerate(["tea", "Tea", "té", None, " ", "王"] * 20)
    ]
    names = ("customer_id", "timestamp", "amount", "category", "cost")
    log = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    kinds = "customer_id text, timestamp timestamp, amount double precision, category text, cost double precision"
    cutoffs = [dt.date(2017, 2, 1), dt.date(2017, 6, 1)]
    expected = features.build(from_log(check(log)), cutoffs, **DAYS)  # type: ignore[arg-type]
    places = everywhere(log, kinds, postgres, tmp_path)
    for place in places:
        other = features.build(from_log(check(place)), cutoffs, **DAYS)  # type: ignore[arg-type]
        assert other.names == expected.names
        assert other.members.tolist() == expected.members.tolist()
        assert np.array_equal(other.x, expected.x, equal_nan=True)
    rows_there = feature_rows(check(places[1]), cutoffs, **DAYS, partitions=3)  # type: ignore[arg-type]
    frame = rows_there.toArrow().to_pandas().sort_values(["cutoff", "customer_id"])
    assert np.array_equal(frame[list(expected.names)].to_numpy(), expected.x, equal_nan=True)


# -- hard amounts -----------------------------------------------------------------------------------------------------

_HALVES = [(unit + 0.5) / 10_000 for unit in (0, 1, 2, 7, 12_345, 99_999_999, -1, -2, -12_346)]
_NEAR = [float(np.nextafter(value, side)) for value in _HALVES for side in (-np.inf, np.inf)]
DOUBLES = [
    *_HALVES,
    *_NEAR,
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    1e-300,
    2.675,
    1.005,
    0.1 + 0.2,
    9.9999999e10,
    -9.9999999e10,
    1e15 / 3e4,
]
FLOATS = [struct.unpack("f", struct.pack("f", value))[0] for value in (0.1, 2.675, 1.00005, -0.00015, 1234567.9, 16777217.0)]
DECIMALS = [
    *(
        "0.00005",
        "-0.00005",
        "0.00015",
        "12.3400",
        "1.00005",
        "2.67500",
        "12345678901.12345",
        "17559447909.08157",
        "-0.00001",
    ),
    *("99999999999.99999", "9007199254.74099", "98765432109.87655"),
]


def hard_log(amounts: pa.Array) -> pa.Table:
    """A member a line, so that each amount is seen on its own, then all of them of one member."""
    size = len(amounts)
    day = dt.datetime(2017, 1, 1, 9)
    return pa.table(
        {
            "customer_id": [f"{i:03}" for i in range(size)] + ["all"] * size,
            "timestamp": pa.array([day + dt.timedelta(hours=i % 5) for i in range(2 * size)]),
            "amount": pa.concat_arrays([amounts, amounts]),
        }
    )


@pytest.mark.parametrize(
    ("amounts", "kind"),
    [
        (pa.array(DOUBLES), "double precision"),
        (pa.array(FLOATS, pa.float32()), "real"),
        (pa.array([Decimal(text) for text in DECIMALS], pa.decimal128(16, 5)), "numeric(16, 5)"),
        (pa.array([Decimal(text) for text in DECIMALS], pa.decimal128(38, 20)), "numeric(38, 20)"),
        (pa.array([Decimal(text) for text in DECIMALS], pa.decimal128(38, 20)), "numeric"),
        (pa.array([repr(value) for value in DOUBLES if value == 0 or abs(value) > 1e-99]), "text"),
        (pa.array(DECIMALS), "text"),
    ],
    ids=["float64", "float32", "decimal16", "decimal38", "decimal", "float text", "decimal text"],
)
def test_amounts_become_the_same_units(amounts: pa.Array, kind: str, postgres: Any, spark: Any, tmp_path: Path) -> None:
    log = hard_log(amounts)
    python = {}
    for member, time, amount in zip(*(column.to_pylist() for column in log.columns), strict=True):
        python.setdefault(member, []).append(Line(time, float(amount)))
    rows = [{"member": m, "day": day, **values} for m in sorted(python) for day, values in fold(python[m])]
    for source in (log, *everywhere(log, f"customer_id text, timestamp timestamp, amount {kind}", postgres, tmp_path)):
        found = folded(check(source)).select(["member", "day", "orders", "gross", "returned"])
        assert found.to_pylist() == rows


# -- ids and orders in text -------------------------------------------------------------------------------------------

MEMBERS = [
    "a",
    "A",
    "á",
    "a\u0301",
    "Z",
    "z",
    "ä",
    "Ä",
    "ß",
    "ss",
    "İ",
    "i",
    "I",
    "ı",
    "王",
    "007",
    "7",
    " 7",
    "a ",
    "\U0001f600",
    "e\u200d",
]


def test_ids_in_text_are_told_apart_by_their_bytes(postgres: Any, spark: Any, tmp_path: Path) -> None:
    size = len(MEMBERS)
    log = pa.table(
        {
            "customer_id": MEMBERS * 2,
            "timestamp": ["2017-01-01T09:00:00"] * size + ["2017-01-02T09:00:00.5"] * size,
            "amount": [1.0] * 2 * size,
            "order_id": MEMBERS[::-1] + MEMBERS,
        }
    )
    places = everywhere(log, "customer_id text, timestamp text, amount double precision, order_id text", postgres, tmp_path)
    expected = folded(check(log))
    assert expected.num_rows == 2 * size
    for source in places:
        checked = check(source)
        assert folded(checked).columns == expected.columns
        assert sorted(from_log(checked).members.tolist()) == sorted(MEMBERS)
    rows = feature_rows(check(places[1]), [dt.date(2017, 1, 9)], **DAYS, partitions=3)  # type: ignore[arg-type]
    assert sorted(rows.toArrow()["customer_id"].to_pylist()) == sorted(MEMBERS)


def test_repetitions_and_quarantine(postgres: Any, spark: Any, tmp_path: Path) -> None:
    log = pa.table(
        {
            "customer_id": ["a", "a", "a", "", None, "b"],
            "timestamp": ["2017-01-01", "2017-01-01", "2017-01-02", "2017-01-01", "2017-01-01", "2017-02-30"],
            "note": pa.array([None, None, None, "", 'of "it", \n more', "x"]),
        }
    )

    def refused(source: Any) -> list[tuple[str, ...]]:
        return sorted(
            tuple(map(repr, row.values())) for row in fetch(check(source, duplicates="drop").quarantine).to_pylist()
        )

    expected = refused(log)
    assert len(expected) == 4
    for source in everywhere(log, "customer_id text, timestamp text, note text", postgres, tmp_path):
        assert refused(source) == expected


def test_times_with_a_zone_are_read_as_utc(postgres: Any, spark: Any, tmp_path: Path) -> None:
    instants = [dt.datetime(2017, 1, 1, 23, 30, 0, 1, dt.UTC), dt.datetime(2017, 1, 2, 0, 30, tzinfo=dt.UTC)]
    log = pa.table({"customer_id": [1, 1], "timestamp": pa.array(instants, pa.timestamp("us", "America/New_York"))})
    naive = [time.replace(tzinfo=None) for time in instants]
    for source in (log, *everywhere(log, "customer_id bigint, timestamp timestamptz", postgres, tmp_path)):
        checked = check(source)
        assert fetch(checked.clean.order_by("timestamp"))["timestamp"].to_pylist() == naive
        assert checked.end == naive[1]


def test_a_time_that_python_has_no_value_for_is_kept_in_quarantine(postgres: Any) -> None:
    postgres.run(
        "DROP TABLE IF EXISTS endless",
        "CREATE TABLE endless AS SELECT 1 AS customer_id, t::timestamp AS timestamp "
        "FROM (VALUES ('infinity'), ('-infinity'), ('0044-03-15 BC'), ('2017-01-01')) AS v(t)",
    )
    rows = fetch(check(open_table(at(postgres, "endless"))).quarantine).to_pylist()
    assert sorted((row["timestamp"], row["reason"]) for row in rows) == [
        ("-infinity", "zero_date"),
        ("0044-03-15 00:00:00 BC", "zero_date"),
        ("infinity", "unparsable_time"),
    ]
