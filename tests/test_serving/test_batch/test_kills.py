"""A batch that is killed (the short form of benchmarks/kill_batch.py), one that runs out of room, one whose store goes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from calls import ROOT
from homes import Shop, opened_store
from own_postgres import PASSWORD, Cluster
from stores import opened, postgres_url

from features.errors import BatchError, StoreError
from serving.batch import run as batch
from serving.batch.file_targets import DatasetTarget
from serving.batch.run import score_all
from serving.database.generations import complete


def killed(shop: Shop, folder: Path, *more: str, **variables: str) -> str:
    model = shop.home.models / shop.bundle.version
    sizes = ["--members", "600", "--parts", "6", "--one-process", "--model", str(model)]
    run = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "kill_batch.py", folder, *sizes, *more],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_no_target_is_ever_half_written(shop: Shop, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    try:
        postgres: Cluster = request.getfixturevalue("postgres")
    except pytest.skip.Exception:  # files and the store are there in any case
        assert "3 kills (" in killed(shop, tmp_path, "--kills", "3")
        return
    postgres.run("DROP SCHEMA IF EXISTS killed CASCADE", "CREATE SCHEMA killed")
    url = postgres.url("killed.forecasts")
    assert "3 kills (" in killed(shop, tmp_path, "--kills", "3", "--postgres", url, PGPASSWORD=PASSWORD)


@pytest.fixture
def small_disk(tmp_path: Path) -> Callable[[int], Any]:
    """A disk of so many KiB."""

    @contextmanager
    def mounted(kib: int) -> Iterator[Path]:
        place = tmp_path / "disk"
        place.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", place], capture_output=True, text=True, check=False
        )
        if made.returncode:
            pytest.skip(f"no small disk can be mounted: {made.stderr.strip()}")
        try:
            yield place
        finally:
            subprocess.run(["umount", place], check=True)

    return mounted


@pytest.mark.parametrize(
    ("full", "kib"), [("out", 8), ("out", 40), ("out", 80), ("target", 4), ("target", 16), ("store", 8), ("store", 60)]
)
def test_a_full_disk(shop: Shop, tmp_path: Path, small_disk: Callable[[int], Any], full: str, kib: int) -> None:
    places = {name: tmp_path / name for name in ("out", "target", "store")}
    with small_disk(kib if full != "store" else 350) as disk:
        places[full] = disk
        with opened_store(places["store"] / "store.sqlite") as store:

            def score() -> None:
                log = {"out": places["out"], "store": store}
                log["targets"] = [DatasetTarget(places["target"], shop.as_of)]
                score_all(shop.histories, shop.bundle, shop.as_of, **log)

            if full == "store":
                (disk / "filler").write_bytes(b"0" * max(0, _room(disk) - kib * 1024))
            expected = StoreError if full == "store" else BatchError
            with pytest.raises(expected, match=r"disk|database") as caught:
                score()
            assert "SQLITE_FULL" in str(caught.value) or full != "store"
            left = [path for name in ("out", "target") for path in places[name].rglob("*") if path.is_file()]
            assert left == []
            if full == "store":
                (disk / "filler").unlink()
            assert complete(store) == []


def _room(disk: Path) -> int:
    stat = os.statvfs(disk)
    return stat.f_bavail * stat.f_frsize


@pytest.fixture
def restarted(postgres: Cluster) -> Iterator[Cluster]:
    """The server, which runs again afterwards."""
    yield postgres
    if postgres.server is not None and postgres.server.poll() is not None:
        postgres.start()


@pytest.mark.parametrize("at", [1, 5, 6])
@pytest.mark.parametrize("gone", ["connections", "server"])
def test_a_store_on_a_server_that_goes_away(
    shop: Shop, tmp_path: Path, restarted: Cluster, monkeypatch: pytest.MonkeyPatch, gone: str, at: int
) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 10)
    store = opened(postgres_url(restarted, "batch"))
    told: list[int] = []

    def away(_: int) -> None:
        told.append(0)
        if len(told) == at:
            if gone == "server":
                restarted.stop()
            else:
                restarted.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'batch'")

    how: Any = {"out": tmp_path, "store": store, "keep": True, "mark": str.encode}
    if gone == "server":
        with pytest.raises(StoreError, match="the store's database answers") as caught:
            batch.score_all(shop.histories, shop.bundle, shop.as_of, advance=away, **how)
        assert PASSWORD not in str(caught.value)
        assert not list(tmp_path.glob("forecasts*"))
        restarted.start()
        assert complete(store) == []
    scored = batch.score_all(shop.histories, shop.bundle, shop.as_of, advance=away, resume=True, **how)
    assert scored.resumed == (min(at + 1, 6) if gone == "server" else 0)  # a connection is made anew without a word
    assert scored.parquet.read_bytes() == shop.score(tmp_path / "whole").parquet.read_bytes()
    assert complete(store) == [scored.generation]
    assert scored.generation.members == shop.scored.members == len(_stored(store, scored.generation.id))
    with store.connect() as connection:  # what the first was filling is gone
        assert connection.exec_driver_sql("SELECT count(*) FROM generation").scalar() == 1
    store.dispose()


def _stored(store: Any, generation: int) -> list[Any]:
    with store.connect() as connection:
        found = connection.exec_driver_sql("SELECT member FROM forecast WHERE generation = %s", (generation,))
        return list(found.scalars())
