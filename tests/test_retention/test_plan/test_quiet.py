from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

from retention.plan.quiet import quiet_output


def test_what_c_prints_is_lost_and_the_rest_is_not(capfd: pytest.CaptureFixture[str]) -> None:
    sys.stdout.write("before\n")
    with quiet_output():
        os.write(1, b"noise\n")
    sys.stdout.write("after\n")
    sys.stdout.flush()
    assert capfd.readouterr().out == "before\nafter\n"


def test_c_s_own_buffer_is_lost_too() -> None:
    code = (
        "import ctypes; from retention.plan.quiet import quiet_output\n"
        "print('before')\nwith quiet_output(): ctypes.CDLL(None).printf(b'noise\\n')\nprint('after')"
    )
    if not hasattr(ctypes.CDLL(None), "printf"):
        pytest.skip("no C library in this process")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "before\nafter\n"


def test_an_error_puts_the_output_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="x"), quiet_output():
        raise ValueError("x")
    sys.stdout.write("heard\n")
    sys.stdout.flush()
    assert capfd.readouterr().out == "heard\n"
