from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from homes import Shop

from features.bounds import StandingBounds
from features.errors import BatchError, ColumnError
from features.feature_table import parts
from serving.batch.part import Maker
from serving.batch.partitions import Partitions
from serving.batch.workers import Task, made_by, peak_kib


def how(shop: Shop) -> tuple[Any, ...]:
    return shop.bundle, shop.as_of, StandingBounds(), "en"


def tasks(shop: Shop, members: int = 15) -> Iterator[Task]:
    for number, part in enumerate(parts(shop.histories, members)):
        yield Task(number, len(part), part)


def test_two_processes_make_what_one_makes_in_the_same_order(shop: Shop, tmp_path: Path) -> None:
    maker, given = Maker.of(*how(shop)), how(shop)
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        made = list(made_by(tasks(shop), folder, maker, given, processes))
        assert [(one.number, one.members, one.again) for one in made] == [(i, 15, False) for i in range(4)]
        assert {stage for one in made for stage in one.clock.seconds} == {
            "forecast",
            "reasons and table",
            "histories",
            "parts",
        }
        assert all(one.peak_kib > 0 for one in made)
    ours, theirs = ([path.read_bytes() for path in sorted((tmp_path / name).iterdir())] for name in "12")
    assert ours == theirs
    assert len(ours) == 16


def test_what_is_finished_is_not_made_again(shop: Shop, tmp_path: Path) -> None:
    (made,) = made_by(iter([Task(3, 15, None)]), tmp_path, Maker.of(*how(shop)), how(shop), 1)
    assert (made.number, made.members, made.again, made.clock.seconds) == (3, 15, True, {})
    assert not Partitions(tmp_path).finished(3)


def test_a_process_that_goes_and_one_that_raises(shop: Shop, visits_shop: Shop, tmp_path: Path) -> None:
    def killing() -> Iterator[Task]:
        for task in tasks(shop):
            yield task
            _end_children()

    maker, given = Maker.of(*how(shop)), how(shop)
    with pytest.raises(BatchError, match="with fewer --workers"):
        list(made_by(killing(), tmp_path, maker, given, 2))
    with pytest.raises(ColumnError, match="a log has amounts where its model was trained on amounts"):
        list(made_by(tasks(visits_shop), tmp_path, maker, given, 1))


def test_a_pool_that_breaks_while_it_starts_a_process_is_one_that_was_ended(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object) -> None:
        raise OSError("handle is closed")

    monkeypatch.setattr(ProcessPoolExecutor, "submit", closed)
    with pytest.raises(BatchError, match="one that was ended by the system"):
        list(made_by(tasks(shop), tmp_path, Maker.of(*how(shop)), how(shop), 2))


def _end_children() -> None:
    own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not own.exists():
        pytest.skip("a system without /proc")
    for pid in map(int, own.read_text().split()):
        # Once one has gone, the pool ends the other by itself.
        with suppress(FileNotFoundError, ProcessLookupError):
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)


def test_memory_is_told() -> None:
    assert peak_kib() > 10_000


@pytest.mark.skipif(sys.platform != "linux", reason="Linux counts each process by itself")
def test_a_process_is_not_told_what_the_one_that_started_it_had() -> None:
    held = b"1" * 200_000_000
    code = "from serving.batch.workers import peak_kib; print(peak_kib())"
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(started.stdout) * 1024 < len(held) < peak_kib() * 1024
