"""A PostgreSQL server of our own, started for tests and stopped after them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ports import free_port

PASSWORD = "only for this folder"


@dataclass
class Cluster:
    """A PostgreSQL server of our own, whose order of text is a dictionary's and not that of bytes."""

    folder: Path
    port: int
    binaries: Path
    drop: dict[str, Any]
    server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        import psycopg

        quick = [part for name in ("fsync", "synchronous_commit", "full_page_writes") for part in ("-c", f"{name}=off")]
        with (self.folder / "log").open("ab") as log:
            self.server = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.folder / "data", "-p", str(self.port), "-k", self.folder,
                 "-c", "listen_addresses=127.0.0.1", "-c", "TimeZone=Asia/Shanghai", *quick],
                stdout=log, stderr=log, cwd=self.folder, **self.drop,
            )  # fmt: skip
        deadline = time.monotonic() + 30
        while True:
            try:
                self.connect().close()
                break
            except psycopg.OperationalError:
                if self.server.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError((self.folder / "log").read_text()) from None
                time.sleep(0.1)

    def stop(self) -> None:
        """The fast shutdown, which breaks off whatever is under way."""
        if self.server is not None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(30)

    def url(self, table: str, user: str = "tiercast") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/postgres?table={table}"

    def connect(self) -> Any:
        import psycopg

        return psycopg.connect(host=str(self.folder), port=self.port, user="tiercast", dbname="postgres", autocommit=True)

    def run(self, *statements: str) -> None:
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def load(self, name: str, columns: str, table: Any) -> None:
        """Create a table and fill it from an Arrow table of as many columns."""
        import io

        import pyarrow.csv

        buffer = io.BytesIO()
        # Text in quotes and null without: COPY tells '' from nothing by that.
        pyarrow.csv.write_csv(table, buffer, pyarrow.csv.WriteOptions(include_header=False))
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({columns})")
            with cursor.copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy:
                copy.write(buffer.getvalue())


def _postgres_binaries() -> Path | None:
    """The newest server of 15 or later: Debian keeps each version in a folder of its own, off the PATH."""
    found = {}
    on_path = shutil.which("initdb")
    candidates = [*Path("/usr/lib/postgresql").glob("*/bin"), *([Path(on_path).parent] if on_path else [])]
    for folder in candidates:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
            version = int(re.search(r"(\d+)", said)[1])  # type: ignore[index]
            found[version] = folder
    newest = max(found, default=0)
    return found[newest] if newest >= 15 else None


@contextmanager
def running() -> Iterator[Cluster]:
    """A server of 15 or later; skips, saying why, where there is none."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed: `make test-engines` runs with it")
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server of 15 or later: apt-get install postgresql")
    # The server refuses to run as root, so it gets a user and a folder that this user can reach.
    drop: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="tc-pg-"))
    try:
        (folder / "pw").write_text(PASSWORD)
        if drop:
            shutil.chown(folder, "postgres", "postgres")
            shutil.chown(folder / "pw", "postgres", "postgres")
        subprocess.run(
            [binaries / "initdb", "-D", folder / "data", "-U", "tiercast", "-E", "UTF8", "-N", "--locale=C.UTF-8",
             "--locale-provider=icu", "--icu-locale=en-US", "--auth-local=trust", "--auth-host=scram-sha-256",
             f"--pwfile={folder / 'pw'}"],
            check=True, capture_output=True, cwd=folder, **drop,
        )  # fmt: skip
        cluster = Cluster(folder, free_port(), binaries, drop)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)
