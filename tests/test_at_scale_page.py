"""docs/at-scale.md: every command on it is run, by `make cluster-demo` or by the tests."""

from __future__ import annotations

import re
import subprocess

from docs.page_commands import PAGE, commands

BY_TESTS = {"One machine", "PostgreSQL"}
"""Sections that tests/test_engines/test_at_scale.py runs."""
BY_DEMO = {"A Spark cluster"}
"""The section that benchmarks/cluster_demo.py runs."""


def test_every_command_is_run_somewhere() -> None:
    assert set(commands()) == BY_TESTS | BY_DEMO
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert {kind for kind, _ in blocks} == {"console"}
    starts = [line for _, block in blocks for line in block.splitlines() if line.startswith("$ ")]
    assert len(starts) == sum(map(len, commands().values())) > 10


def test_the_commands_are_a_shells() -> None:
    for section in commands().values():
        subprocess.run(["bash", "-n", "-c", "\n".join(section)], check=True)
