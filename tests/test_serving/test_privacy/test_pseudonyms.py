from __future__ import annotations

import hashlib
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ArtifactError, ConfigError
from serving.privacy.pseudonyms import PLAN_SECRET_FILE, SECRET_FILE, erasure_secret, mark, plan_secret


def by_hand(secret: bytes, text: bytes) -> bytes:
    """HMAC-SHA-256 as RFC 2104 writes it: H((K ^ opad) || H((K ^ ipad) || text))."""
    key = (hashlib.sha256(secret).digest() if len(secret) > 64 else secret).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key) + text).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in key) + inner).digest()


@given(st.binary(max_size=100), st.text(st.characters()))
def test_a_mark_is_the_keyed_hash(secret: bytes, member: str) -> None:
    assert mark(secret, member) == by_hand(secret, member.encode(errors="surrogatepass"))


@given(st.text(), st.text())
def test_marks_differ_where_members_do(one: str, other: str) -> None:
    assert (mark(b"secret", one) == mark(b"secret", other)) == (one == other)


def test_the_secret_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: erasure_secret(home, {}), range(16)))
    assert len(found) == 1
    assert len(found.pop()) == 64
    assert [path.name for path in home.iterdir()] == [SECRET_FILE]
    assert stat.S_IMODE((home / SECRET_FILE).stat().st_mode) == 0o600


def test_the_environment_comes_first_and_leaves_no_file(tmp_path: Path) -> None:
    given = "x" * 32
    assert erasure_secret(tmp_path, {"TIERCAST_ERASURE_SECRET": given}) == given.encode()
    assert list(tmp_path.iterdir()) == []


def test_a_short_secret_is_refused_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least 32 characters; got 5") as caught:
        erasure_secret(tmp_path, {"TIERCAST_ERASURE_SECRET": "short"})
    assert "short" not in str(caught.value)


def test_a_damaged_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / SECRET_FILE).write_text("cut")
    with pytest.raises(ArtifactError, match="put back the file"):
        erasure_secret(tmp_path, {})
    assert (tmp_path / SECRET_FILE).read_text() == "cut"


def test_a_plan_has_a_secret_of_its_own(tmp_path: Path) -> None:
    made = plan_secret(tmp_path, {})
    assert plan_secret(tmp_path, {}) == made != erasure_secret(tmp_path, {})
    assert (tmp_path / PLAN_SECRET_FILE).stat().st_mode & 0o077 == 0
    given = "g" * 32
    assert plan_secret(tmp_path, {"TIERCAST_PLAN_SECRET": given}) == given.encode()
    with pytest.raises(ConfigError, match="TIERCAST_PLAN_SECRET has at least 32 characters"):
        plan_secret(tmp_path, {"TIERCAST_PLAN_SECRET": "short"})
