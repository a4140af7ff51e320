from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

_FAULTS = """
import resource
from serving.http.memory import settle
settle()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        b"".join([bytes(1_000)] * 4_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


def test_what_is_loaded_is_left_alone() -> None:
    code = "import gc; from serving.http.memory import settle; settle(); print(gc.get_freeze_count() > 5_000)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="this C library has no mallopt")
def test_memory_that_was_used_is_used_again() -> None:
    done = subprocess.run([sys.executable, "-c", _FAULTS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1_000  # 20 answers of 1,000 pages each
