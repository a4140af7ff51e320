from __future__ import annotations

import socket
from pathlib import Path

import pytest
from calls import tiercast
from homes import Demo


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (None, 3, "run 'tiercast score' first"),
        (b"no store" * 100, 4, ""),
    ],
)
def test_without_a_good_store_it_does_not_start(tmp_path: Path, content: bytes | None, code: int, said: str) -> None:
    if content is not None:
        (tmp_path / "store.sqlite").write_bytes(content)
    done = tiercast("serve", "--port", "0", "--home", tmp_path, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("tiercast: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


def test_without_keys_it_serves_this_machine_alone(demo: Demo, tmp_path: Path) -> None:
    done = tiercast("serve", "--without-keys", "--host", "0.0.0.0", "--home", demo.place, cwd=tmp_path)
    assert done.returncode == 2
    assert "without keys, only this machine is served" in done.stderr
    done = tiercast("serve", "--host", "0.0.0.0", cwd=tmp_path, variables={"TIERCAST_WITHOUT_KEYS": "1"})
    assert done.returncode == 2


def test_a_limit_that_is_no_number_is_said(demo: Demo, tmp_path: Path) -> None:
    done = tiercast("serve", "--home", demo.place, cwd=tmp_path, variables={"TIERCAST_MAX_BODY_BYTES": "many"})
    assert done.returncode == 2
    assert "TIERCAST_MAX_BODY_BYTES is a whole number above 0, and at most 2147483647; got 'many'" in done.stderr


def test_a_port_that_is_taken_is_said(demo: Demo, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = tiercast("serve", "--home", demo.place, "--port", str(taken.getsockname()[1]), cwd=tmp_path)
    assert done.returncode not in {0, None}
    assert "address already in use" in done.stderr.lower()
    assert "Traceback" not in done.stderr
