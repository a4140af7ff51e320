from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from own_postgres import PASSWORD, Cluster

from features.errors import BatchError, ConfigError, SourceError
from features.urls import taken_apart
from serving.batch import postgres_target
from serving.batch.postgres_target import PostgresTarget

DAYS = [dt.date(2018, 1, 2), dt.date(2018, 1, 3)]


@pytest.fixture
def url(postgres: Cluster, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    postgres.run("DROP SCHEMA IF EXISTS batch CASCADE", "CREATE SCHEMA batch")
    return postgres.url("batch.forecasts")


def target(url: str, day: dt.date) -> PostgresTarget:
    return PostgresTarget(url, taken_apart(url)[1], day)


def table(day: dt.date, *members: Any) -> pa.Table:
    n = len(members)
    return pa.table(
        {
            "customer_id": list(members),
            "as_of": pa.array([day] * n, pa.date32()),
            "p_churn": [0.1 + 0.2, *[1 / 3] * (n - 1)],
            'p_tier_Gold "A"': pa.array([None] * n, pa.float64()),
            "stage": ["", *[None] * (n - 1)],
            "horizon_days": pa.array([28] * n, pa.int32()),
        }
    )


def put(url: str, day: dt.date, *tables: pa.Table) -> None:
    with target(url, day) as one:
        for part in tables:
            one.write(part)
        one.close()
        one.commit()


def rows(postgres: Cluster) -> list[tuple[Any, ...]]:
    with postgres.connect() as connection:
        found: list[tuple[Any, ...]] = connection.execute("TABLE batch.forecasts ORDER BY as_of, customer_id").fetchall()
    return found


def test_a_date_is_replaced_and_no_other(postgres: Cluster, url: str) -> None:
    first, second = (table(DAYS[0], "a", 'b,"\nc'), table(DAYS[1], "a", "茶"))
    put(url, DAYS[0], first.slice(0, 1), first.slice(1))
    put(url, DAYS[1], table(DAYS[1], "a", "b", "c"))
    put(url, DAYS[1], second)
    wanted = [tuple(row.values()) for part in (first, second) for row in part.to_pylist()]
    assert rows(postgres) == wanted


def test_until_it_is_committed_others_read_what_was_there(postgres: Cluster, url: str) -> None:
    put(url, DAYS[0], table(DAYS[0], 1, 2))
    before = rows(postgres)
    with target(url, DAYS[0]) as one:
        one.write(table(DAYS[0], 3, 4))
        assert rows(postgres) == before
    assert rows(postgres) == before


def test_a_table_of_other_columns_is_refused(postgres: Cluster, url: str) -> None:
    postgres.run("CREATE TABLE batch.forecasts (customer_id bigint, as_of date, p_churn real)")
    with pytest.raises(ConfigError, match="without 'p_tier_Gold \"A\"', 'stage', 'horizon_days'"):
        put(url, DAYS[0], table(DAYS[0], 1))
    postgres.run("DROP TABLE batch.forecasts")
    put(url, DAYS[0], table(DAYS[0], 1))
    with pytest.raises(ConfigError, match="with 'customer_id: bigint'"):
        put(url, DAYS[0], table(DAYS[0], "one"))


def test_members_are_taken_out_again(postgres: Cluster, url: str) -> None:
    for day in DAYS:
        put(url, day, table(day, 7, 8))
    with target(url, DAYS[1]) as one:
        one.wipe(["7"], numbers=True)
    assert [row[:2] for row in rows(postgres)] == [(7, DAYS[0]), (8, DAYS[0]), (8, DAYS[1])]


def test_a_member_that_comes_twice_is_refused_without_naming_it(url: str) -> None:
    with pytest.raises(BatchError, match="a member twice") as caught:
        put(url, DAYS[0], table(DAYS[0], "anna", "anna"))
    assert "anna" not in str(caught.value)


def test_a_server_that_goes_away_and_one_that_lets_nobody_in(
    postgres: Cluster, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(url, DAYS[0], table(DAYS[0], 1))
    before = rows(postgres)
    with target(url, DAYS[0]) as one:
        one.write(table(DAYS[0], 2))
        postgres.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE state = 'idle in transaction' AND pid <> pg_backend_pid()"
        )
        with pytest.raises(BatchError, match="nothing of this date was changed there") as caught:
            one.write(table(DAYS[0], 3))
        assert PASSWORD not in str(caught.value)
    assert rows(postgres) == before
    monkeypatch.setenv("PGPASSWORD", "wrong")
    with pytest.raises(SourceError, match="lets its user in") as refused:
        put(url, DAYS[0], table(DAYS[0], 1))
    assert "wrong" not in str(refused.value)
    postgres.run("DROP ROLE IF EXISTS reader", f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    postgres.run("GRANT USAGE ON SCHEMA batch TO reader")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with pytest.raises(ConfigError, match="permission denied"):
        put(postgres.url("batch.forecasts", "reader"), DAYS[0], table(DAYS[0], 1))


def test_two_batches_at_one_date_the_second_does_not_wait_for_ever(
    postgres: Cluster, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(url, DAYS[0], table(DAYS[0], 1, 2))
    monkeypatch.setattr(postgres_target, "_LOCK_S", 0.2)
    with target(url, DAYS[0]) as one, target(url, DAYS[0]) as other, target(url, DAYS[1]) as elsewhere:
        one.write(table(DAYS[0], 3))
        with pytest.raises(BatchError, match="one batch at a time writes a date; got another that holds"):
            other.write(table(DAYS[0], 3))
        elsewhere.write(table(DAYS[1], 3))
        one.commit()
        elsewhere.commit()
    assert [row[:2] for row in rows(postgres)] == [(3, DAYS[0]), (3, DAYS[1])]


def test_ids_of_any_text_and_one_that_no_table_can_hold(postgres: Cluster, url: str) -> None:
    ids = ["O'Hara", 'say "x"', "line\nend\r", "😀", "\\N", "\\.", "a\tb", "; DROP TABLE batch.forecasts; --", ""]
    put(url, DAYS[0], table(DAYS[0], *ids))
    assert {row[0] for row in rows(postgres)} == set(ids)
    with target(url, DAYS[0]) as one:
        one.wipe(ids[:6], numbers=False)
    assert {row[0] for row in rows(postgres)} == set(ids[6:])
    with pytest.raises(ConfigError, match="an id with a null character") as caught:
        put(url, DAYS[1], table(DAYS[1], "nu\0ll"))
    assert "nu" not in str(caught.value).replace("null", "")


def test_a_server_that_goes_away_at_the_last_moment_leaves_it_open_what_is_there(postgres: Cluster, url: str) -> None:
    put(url, DAYS[0], table(DAYS[0], 1))
    for done in ("commit", "wipe"):
        with target(url, DAYS[0]) as one:
            one.write(table(DAYS[0], 1))
            postgres.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE state = 'idle in transaction' AND pid <> pg_backend_pid()"
            )
            with pytest.raises(BatchError) as caught:
                one.commit() if done == "commit" else one.wipe(["1"], numbers=True)
        said = "not known" if done == "commit" else "who was erased meanwhile is still there"
        assert said in str(caught.value)
        assert "nothing of this date was changed" not in str(caught.value)
