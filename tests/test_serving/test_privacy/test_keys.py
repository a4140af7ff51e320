"""serving/privacy/keys.py: what is stored of a key cannot be used as one, and a revoked one is gone from memory soon."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from features.errors import ConfigError, NotFoundError
from serving.database.engine import open_engine, reading, writing
from serving.database.tables import API_KEY, METADATA
from serving.privacy.keys import EVERY_S, Keyring, all_keys, make, revoke


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(f"sqlite:///{tmp_path / 'store.sqlite'}")
    METADATA.create_all(opened)
    yield opened
    opened.dispose()


def ring_of(engine: Engine) -> Keyring:
    ring = Keyring(engine)
    assert ring.refresh()
    return ring


def test_a_key_is_found_by_its_text_and_by_nothing_near_it(engine: Engine) -> None:
    key, text = make(engine, "shop", ["forecast", "write"])
    other, other_text = make(engine, "desk", ["desk"])
    ring = ring_of(engine)
    assert ring.find(text) == key
    assert ring.find(other_text) == other
    prefix, key_id, secret = text.split("_", 2)
    assert prefix == "tc"
    for wrong in (
        *("", "tc", "tc_", f"tc_{key_id}", f"tc_{key_id}_", secret, f"xx_{key_id}_{secret}", f"tc__{secret}"),
        *(text[:-1], text + "a", text.upper(), f"tc_{other.id}_{secret}", f" {text}", "tc_00000000_" + secret, text * 10),
    ):
        assert ring.find(wrong) is None


@given(st.text(max_size=250))
def test_no_text_is_a_key_where_there_are_none(text: str) -> None:
    ring = Keyring(None)  # type: ignore[arg-type]
    assert ring.find(text) is None
    assert not ring.known


def test_the_database_does_not_hold_the_secret(engine: Engine) -> None:
    _, text = make(engine, "shop", ["forecast"])
    secret = text.split("_", 2)[2]
    assert len(secret) >= 43  # 32 bytes in base64
    with reading(engine) as connection:
        (row,) = connection.execute(select(API_KEY)).all()
    assert len(row.hash) == 32
    assert secret not in str(tuple(row))
    assert secret.encode() not in Path(engine.url.database or "").read_bytes()
    assert repr(bytes(row.hash)) not in repr(all_keys(engine))


def test_keys_are_all_different(engine: Engine) -> None:
    assert len({make(engine, "a", ["desk"])[1] for _ in range(5)}) == 5


@pytest.mark.parametrize(
    ("name", "scopes", "said"),
    [
        ("", ["desk"], "1 to 80"),
        ("a\nb", ["desk"], "1 to 80"),
        ("x" * 81, ["desk"], "1 to 80"),
        ("shop", [], "are among forecast, desk, write, admin; got none"),
        ("shop", ["desk", "root"], "got 'root'"),
    ],
)
def test_what_no_key_can_be(engine: Engine, name: str, scopes: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make(engine, name, scopes)
    assert all_keys(engine) == []


def test_a_revoked_key_stays_in_the_list_and_leaves_the_ring(engine: Engine) -> None:
    key, text = make(engine, "shop", ["forecast"])
    ring = ring_of(engine)
    revoke(engine, key.id)
    first = all_keys(engine)[0].revoked_at
    assert first is not None
    revoke(engine, key.id)
    assert all_keys(engine)[0].revoked_at == first
    assert ring.refresh()
    assert ring.find(text) is None


def test_a_key_that_is_not_there_cannot_be_revoked(engine: Engine) -> None:
    with pytest.raises(NotFoundError, match="keys list"):
        revoke(engine, "none")


def test_a_look_is_taken_again_and_again(engine: Engine) -> None:
    assert EVERY_S < 5 / 2  # two looks within what is promised
    key, text = make(engine, "shop", ["forecast"])
    ring = Keyring(engine, every_s=0.01)
    ring.start()
    ring.start()
    try:
        assert ring.find(text)
        revoke(engine, key.id)
        end = time.monotonic() + 30
        while ring.find(text) and time.monotonic() < end:
            time.sleep(0.01)
        assert ring.find(text) is None
    finally:
        ring.stop()


def test_a_row_that_is_no_key_does_not_end_the_looking(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    key, text = make(engine, "shop", ["forecast"])
    ring = ring_of(engine)
    with writing(engine) as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.exec_driver_sql("INSERT INTO api_key (id, name, scopes, hash, made_at) VALUES ('x', 'x', 5, 'x', '')")
    assert not ring.refresh()
    assert "keys are as last seen: " in caplog.text
    assert ring.find(text) == key


def test_while_the_database_is_away_the_last_keys_stay_and_it_is_said_once(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    key, text = make(engine, "shop", ["forecast"])
    ring = ring_of(engine)
    with writing(engine) as connection:
        connection.exec_driver_sql("ALTER TABLE api_key RENAME TO gone")
    assert not ring.refresh()
    assert not ring.refresh()
    assert ring.find(text) == key
    assert caplog.text.count("keys are as last seen") == 1
    assert key.id not in caplog.text
    with writing(engine) as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO api_key")
    assert ring.refresh()
