"""Kills whoever posts lines, at any moment, again and again; then counts what is there.

    python benchmarks/kill_writes.py sqlite:////tmp/kill.sqlite --kills 50
    python benchmarks/kill_writes.py postgresql://user@host/empty --kills 50

A child posts and prints the keys of each request once that is acknowledged, until it is killed (SIGKILL). Then every
acknowledged line has to be there, once; a request that was under way is there whole or not at all; each member's forecast
knows exactly the lines that are there; and SQLite's file has to be sound. Ends with 1 where one of it does not hold.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import Engine

from features.snapshot import to_day
from serving.database.engine import open_engine, reading
from serving.database.forecasts import ForecastRow, look_up
from serving.database.generations import add, begin, complete, publish
from serving.database.lines import Known, PostedLine, lines_of, post
from serving.database.schema import ensure
from training.artifact import Bundle

AS_OF = dt.date(2026, 6, 1)
DAY = to_day(AS_OF)
MEMBERS = [f"m{i}" for i in range(12)]


@dataclass
class Count:
    """What was found after all kills."""

    kills: int = 0
    acknowledged: int = 0
    unacknowledged: int = 0
    faults: list[str] = field(default_factory=list)


def forecast(known: Sequence[Known]) -> list[ForecastRow | None]:
    """Forecasts whose bodies name the lines that they know."""
    return [
        ForecastRow(one.member, DAY + 1, False, 1.0, 50.0, 1, 2, 0, " ".join(line.key for line in one.lines).encode())
        for one in known
    ]


def fill(engine: Engine) -> None:
    """A batch of a dozen members."""
    ensure(engine)
    generation = begin(engine, Bundle({"trained_as_of": "2026-01-01"}, {}), AS_OF, "text", 1, "{}")
    rows = [row for row in forecast([Known(member, b"", []) for member in MEMBERS]) if row]
    add(engine, generation, rows, [(member, b"") for member in MEMBERS])
    publish(engine, generation, len(rows))


def requests(name: str, seed: int) -> Sequence[list[PostedLine]]:
    """A child's requests: one to four lines of any members, named by child, request and place."""
    dice = random.Random(seed)
    return [
        [PostedLine(dice.choice(MEMBERS), f"{name}-{i}-{place}", DAY, "{}") for place in range(dice.randint(1, 4))]
        for i in range(5_000)
    ]


def child(url: str, name: str, seed: int, said: int) -> None:
    """Post until killed; a request's number is said once it is acknowledged."""
    engine = open_engine(url)
    (generation,) = complete(engine)
    for number, lines in enumerate(requests(name, seed)):
        post(engine, generation, lines, forecast)
        os.write(said, f"{number}\n".encode())


def kill_one(url: str, name: str, seed: int) -> list[int]:
    """Numbers of the requests that a child said were acknowledged before it was killed."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            child(url, name, seed, write)
        finally:
            os._exit(1)
    os.close(write)
    select.select([read], [], [], 30)
    time.sleep(random.Random(seed).uniform(0, 0.25))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with os.fdopen(read) as said:
        return [int(line) for line in said.read().split("\n")[:-1]]


def settle(engine: Engine) -> None:
    """Wait until PostgreSQL has noticed that the child is gone."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    while engine.dialect.name == "postgresql":
        with reading(engine) as connection:
            if connection.exec_driver_sql(others).scalar() == 0:
                return
        time.sleep(0.01)


def look(engine: Engine, name: str, seed: int, acknowledged: list[int], count: Count) -> None:
    """Compare what is there of a child's requests with what it said."""
    there = lines_of(engine, MEMBERS)
    found = Counter((line.member, line.key) for lines in there.values() for line in lines if line.key.startswith(f"{name}-"))
    sent = requests(name, seed)
    whole = 0
    for number, lines in enumerate(sent[: len(acknowledged) + 2]):
        kept = [found.pop((line.member, line.key), 0) for line in lines]
        if number in acknowledged and kept != [1] * len(lines):
            count.faults.append(f"{name}: request {number} was acknowledged, and its lines are there {kept} times")
        elif number not in acknowledged:
            whole += sum(kept)
            if kept not in ([0] * len(lines), [1] * len(lines)):
                count.faults.append(f"{name}: request {number} is there in part, {kept}")
        count.acknowledged += len(lines) * (number in acknowledged)
    count.unacknowledged += whole
    if found:
        count.faults.append(f"{name}: {len(found)} lines that were never sent")
    (generation,) = complete(engine)
    for member, stored in look_up(engine, generation.id, MEMBERS).items():
        if stored.body.decode().split() != [line.key for line in there.get(member, [])]:
            count.faults.append(f"{name}: a forecast does not know the lines that are there")
    if engine.dialect.name == "sqlite":
        with reading(engine) as connection:
            said = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
        if said != "ok":
            count.faults.append(f"{name}: integrity_check says {said}")


def main() -> None:
    """Fill, kill, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    engine = open_engine(asked.url)
    fill(engine)
    engine.dispose()
    count = Count()
    for number in range(asked.kills):
        name, seed = f"child{number}", asked.seed * 1_000 + number
        acknowledged = kill_one(asked.url, name, seed)
        count.kills += 1
        engine = open_engine(asked.url)  # anew each time, as after a crash
        settle(engine)
        look(engine, name, seed, acknowledged, count)
        engine.dispose()
    print(
        f"{count.kills} kills, {count.acknowledged} lines acknowledged and {count.unacknowledged} more kept whole,"
        f" {len(count.faults)} faults"
    )
    print(*count.faults, sep="\n", end="")
    sys.exit(bool(count.faults))


if __name__ == "__main__":
    main()
