"""Whoever posts is killed at any moment: what was acknowledged is there, once, and the store is sound."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "kill_writes.py"


def test_nothing_acknowledged_is_lost(store_url: str) -> None:
    kills = 5 if store_url.startswith("sqlite") else 3
    call = [sys.executable, SCRIPT, store_url, "--kills", str(kills)]
    run = subprocess.run(call, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    counted = re.match(rf"{kills} kills, (\d+) lines acknowledged and \d+ more kept whole, 0 faults\n", run.stdout)
    assert counted is not None
    assert int(counted[1]) >= kills
