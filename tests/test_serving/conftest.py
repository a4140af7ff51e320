"""A home trained on real data, once a session, by the demo's own command; small ones of made-up logs; the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from calls import tiercast
from homes import Demo, Shop, open_shop, shop_log
from own_postgres import Cluster, running
from sqlalchemy import Engine
from stores import opened, postgres_url, sqlite_url
from watched import dearer, place, scored, world  # noqa: F401  (fixtures)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    run = tiercast("demo", "--home", folder / "home", cwd=folder)
    assert run.returncode == 0, run.stderr
    return Demo(folder / "home", run)


@pytest.fixture(scope="session")
def lines(journey_path: str) -> Callable[[list[int]], dict[int, list[dict[str, Any]]]]:
    """Some members' own lines of Complete Journey, as the service takes them."""
    columns = ["household_id", "transaction_timestamp", "sales_value", "basket_id"]
    log = pd.read_parquet(journey_path, columns=columns)

    def of(members: list[int]) -> dict[int, list[dict[str, Any]]]:
        found = log[log.household_id.isin(members)]
        sent: dict[int, list[dict[str, Any]]] = {member: [] for member in members}
        for member, time, amount, order in found.itertuples(index=False):
            sent[member].append({"timestamp": time.isoformat(), "amount": amount, "order_id": order})
        return sent

    return of


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Text ids with leading zeros, amounts, two tiers."""
    return open_shop(tmp_path_factory.mktemp("shop"), shop_log())


@pytest.fixture(scope="session")
def visits_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Whole numbers as ids, no amounts, no policy."""
    return open_shop(tmp_path_factory.mktemp("visits"), shop_log(amounts=False, ids=lambda i: 1000 + i), None)


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """The command line in this process: (exit code, standard output, standard error)."""
    from serving.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIERCAST_HOME", raising=False)
    monkeypatch.delenv("TIERCAST_STORE", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str | os.PathLike[str]) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["tiercast", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server of our own; skips where none is installed."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def ready_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables and nothing in them."""
    folder = tmp_path_factory.mktemp("ready")
    opened(sqlite_url(folder)).dispose()
    return folder / "store.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store on each database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path, request.getfixturevalue("ready_sqlite"))
    return postgres_url(request.getfixturevalue("postgres"), "store")


@pytest.fixture
def store(store_url: str) -> Iterator[Engine]:
    engine = opened(store_url)
    yield engine
    engine.dispose()
