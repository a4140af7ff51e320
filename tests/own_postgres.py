"""A PostgreSQL server of our own, started for tests and stopped after them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "only for this folder"


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server of our own, whose order of text is a dictionary's and not that of bytes."""

    folder: Path
    port: int

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
    import psycopg

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
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        quick = [part for name in ("fsync", "synchronous_commit", "full_page_writes") for part in ("-c", f"{name}=off")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder,
                 "-c", "listen_addresses=127.0.0.1", "-c", "TimeZone=Asia/Shanghai", *quick],
                stdout=log, stderr=log, cwd=folder, **drop,
            )  # fmt: skip
        try:
            cluster = Cluster(folder, port)
            deadline = time.monotonic() + 30
            while True:
                try:
                    cluster.connect().close()
                    break
                except psycopg.OperationalError:
                    if server.poll() is not None or time.monotonic() > deadline:
                        raise AssertionError((folder / "log").read_text()) from None
                    time.sleep(0.1)
            yield cluster
        finally:
            server.send_signal(signal.SIGINT)  # the fast shutdown
            server.wait(30)
    finally:
        shutil.rmtree(folder)
