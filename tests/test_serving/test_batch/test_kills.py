"""A batch that is killed, and one that runs out of room: the short form of benchmarks/kill_batch.py."""

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

from features.errors import BatchError, StoreError
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
