"""Kills a batch at any moment, again and again; then looks at its targets, takes it up again, and compares every byte.

    python benchmarks/kill_batch.py folder --kills 30
    python benchmarks/kill_batch.py folder --kills 30 --postgres 'postgresql://user@host/db?table=schema.name'

A first batch has filled all targets (Parquet, CSV, a data set by date, the store, and the table on PostgreSQL); the one that
is killed (SIGKILL, with the processes that it started) writes other words to the same date. After each kill every target has
to be what it was or what it is to become, and no process may be left; after ``--resume`` all have to be what a batch makes
that nobody disturbs. Ends with 1 where one of it does not hold.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import shoppers

import serving.batch.run
from features.histories import Histories
from serving.batch.run import score_all
from serving.batch.targets import target_of
from serving.database.engine import open_engine, reading
from serving.database.forecasts import histories, look_up
from serving.database.generations import complete
from serving.database.schema import ensure
from serving.settings import sqlite_url
from training.artifact import Bundle, load, save

AS_OF = shoppers.FIRST + dt.timedelta(days=shoppers.DAYS - 30)
BEFORE, AFTER = "zh", "en"


@dataclass
class Place:
    """Where a batch writes to, and of what."""

    folder: Path
    bundle: Bundle
    histories: Histories
    postgres: str | None

    def score(self, out: Path, language: Any, processes: int = 1, *, resume: bool = False) -> int:
        """The batch, as the command runs it; how many parts had been finished."""
        ensure(store := open_engine(sqlite_url(out / "store.sqlite")))
        targets = [str(out / "all"), *([self.postgres] if self.postgres else [])]
        found = score_all(
            self.histories,
            self.bundle,
            AS_OF,
            out=out,
            store=store,
            language=language,
            targets=[target_of(each, AS_OF) for each in targets],
            processes=processes,
            keep=True,
            resume=resume,
        )
        store.dispose()
        return found.resumed

    def look(self, out: Path) -> dict[str, str]:
        """What each target holds, as a digest."""
        found = {str(path.relative_to(out)): _digest(path.read_bytes()) for path in sorted(out.rglob("forecasts.*"))}
        engine = open_engine(sqlite_url(out / "store.sqlite"))
        generations = complete(engine)
        found["generations"] = str(len(generations))
        if generations:
            keys = [str(member) for member in self.histories.members.tolist()]
            newest = generations[0].id
            rows = [*sorted(look_up(engine, newest, keys).items()), *sorted(histories(engine, newest, keys).items())]
            found["store"] = _digest(repr(rows).encode())
        with reading(engine) as connection:
            found["integrity"] = str(connection.exec_driver_sql("PRAGMA integrity_check").scalar())
        engine.dispose()
        if self.postgres:
            import psycopg

            url, _, table = self.postgres.partition("?table=")
            with psycopg.connect(url) as connection:
                rows = connection.execute(f"TABLE {table} ORDER BY as_of, customer_id").fetchall()
            found["postgresql"] = _digest(repr(rows).encode())
        return found


@dataclass
class Count:
    """What was found after all kills."""

    kills: int = 0
    too_late: int = 0
    resumed: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def forked(work: Callable[[], object]) -> int:
    """Work in a process of its own, and a group of its own; its id."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setsid()
            work()
            code = 0
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
        finally:
            os._exit(code)
    return pid


def done(pid: int) -> bool:
    """Wait for a process; whether it ended well."""
    return os.waitpid(pid, 0)[1] == 0


def gone(group: int, within_s: float = 10.0) -> bool:
    """Whether no process of a group is left soon."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def kill_one(place: Place, first: Path, wanted: dict[str, dict[str, str]], seconds: float, seed: int, count: Count) -> None:
    """One batch, killed at a random moment and taken up again."""
    dice = random.Random(seed)
    out, processes = place.folder / "out", 1 + seed % 2
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(first, out)
    if place.postgres and not done(forked(lambda: place.score(place.folder / "again", BEFORE))):
        count.faults.append(f"{seed}: the first batch could not be put back")
    pid = forked(lambda: place.score(out, AFTER, processes))
    time.sleep(dice.uniform(0.0, seconds * (1.0 if processes == 1 else 3.0)))
    os.kill(pid, signal.SIGKILL)
    count.too_late += done(pid)
    count.kills += 1
    if not gone(pid):
        count.faults.append(f"{seed}: a process is left of a batch that was killed")
    before, after = wanted[BEFORE], wanted[AFTER]
    for name, found in place.look(out).items():
        if name != "generations" and found not in (before[name], after[name]):
            count.faults.append(f"{seed}: {name} is neither what it was nor what it is to become")
    read, write = os.pipe()
    if not done(forked(lambda: os.write(write, bytes([place.score(out, AFTER, resume=True)])))):
        count.faults.append(f"{seed}: could not be taken up again")
        return
    count.resumed[os.read(read, 1)[0]] += 1
    os.close(read), os.close(write)
    found = place.look(out)
    for name in after:
        if name != "generations" and found.get(name) != after[name]:
            count.faults.append(f"{seed}: {name} is not what an undisturbed batch makes")
    if (out / ".scoring").exists():
        count.faults.append(f"{seed}: finished parts were left behind")


def model(folder: Path, given: Path | None) -> Bundle:
    """A model on disk, or a small one, trained in a process of its own: this one starts no threads."""
    if given is not None:
        return load(given)
    path = folder / "model"

    def train() -> None:
        from training.fit import fit_forecaster

        log = shoppers.shoppers(2_000, seed=1)
        spans = {"horizon_days": 28, "lookback_days": 91}
        save(fit_forecaster(log, AS_OF, policy=shoppers.POLICY, **spans).bundle, path)

    if not path.exists() and not done(forked(train)):
        raise SystemExit("the model could not be trained")
    return load(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, kill, look, take up again."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--members", type=int, default=4_000)
    parser.add_argument("--parts", type=int, default=20)
    parser.add_argument("--postgres", metavar="URL")
    parser.add_argument("--model", type=Path, help="A model's folder.")
    parser.add_argument("--one-process", action="store_true", help="Never a batch with processes of its own.")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True)
    serving.batch.run.CHUNK_MEMBERS = -(-asked.members // asked.parts)  # type: ignore[misc]
    place = Place(asked.folder, model(asked.folder, asked.model), shoppers.shoppers(asked.members), asked.postgres)
    wanted, seconds = {}, 0.0
    for language in (AFTER, BEFORE):
        shutil.rmtree(out := asked.folder / language, ignore_errors=True)
        began = time.monotonic()
        if not done(forked(lambda out=out, language=language: place.score(out, language))):
            raise SystemExit("a batch that nobody disturbed has failed")
        wanted[language], seconds = place.look(out), time.monotonic() - began
    count = Count()
    for number in range(asked.kills):
        seed = asked.seed * 1_000 + (2 * number if asked.one_process else number)
        kill_one(place, asked.folder / BEFORE, wanted, seconds, seed, count)
    resumed = ", ".join(f"{parts}: {times}" for parts, times in sorted(count.resumed.items()))
    print(
        f"{count.kills} kills ({count.too_late} after the end) within {seconds:.1f} s, {len(count.faults)} faults;", end=" "
    )
    print(f"parts that were finished when it was taken up again, of {asked.parts}: {resumed}")
    print(*count.faults, sep="\n", end="")
    sys.exit(bool(count.faults))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main()
