from __future__ import annotations

import time
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ports import free_port

from features.errors import TrackingError
from training.mlflow_session import connected, scrubbed, shown

SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z")), min_size=6, max_size=20)


@given(SECRETS)
def test_no_message_holds_a_password_as_written_or_as_meant(secret: str) -> None:
    uri = f"postgresql://ml:{quote(secret, safe='')}@db/runs"
    for text in (f"cannot open {uri}", f"wrong password «{secret}» for ml", f"{uri} {secret} {quote(secret, safe='')}"):
        said = scrubbed(text, uri)
        hidden = said.replace("postgresql://db/runs", "").replace("cannot open", "").replace("wrong password", "")
        assert secret not in hidden
        assert quote(secret, safe="") not in hidden
    assert shown(uri) == "postgresql://db/runs"


@pytest.mark.parametrize(
    "uri", ["sqlite:////home/x/mlflow.db", "http://mlflow:5000", "postgresql://db/runs", "sqlite:////a@b/x.db"]
)
def test_an_address_without_a_user_is_shown_as_it_is(uri: str) -> None:
    assert shown(uri) == uri


@pytest.mark.parametrize("password", ["a/b", "a@b", "a b@/c", "p:q"])
def test_a_password_that_was_not_escaped_is_not_shown_either(password: str) -> None:
    uri = f"postgresql://ml:{password}@db/runs"
    assert shown(uri) == "postgresql://db/runs"
    assert password not in scrubbed(f"cannot use {uri}, password {password}", uri)


def test_a_message_is_one_line_of_at_most_200_characters() -> None:
    said = scrubbed("a\n b " + "c" * 500, "http://x")
    assert said.startswith("a b ccc")
    assert len(said) == 200


def test_a_database_out_of_reach_is_said_at_once_and_without_its_password(capfd: pytest.CaptureFixture[str]) -> None:
    secret = "Swordfish-17"
    uri = f"postgresql://ml:{secret}@127.0.0.1:{free_port()}/runs"
    began = time.monotonic()
    with pytest.raises(TrackingError, match="MLflow's store can be reached") as raised, connected(uri):
        raise AssertionError("there is no server")
    assert time.monotonic() - began < 600  # MLflow by itself would try for an hour and a half
    told = "".join(traceback.format_exception(raised.value)) + "".join(capfd.readouterr())
    assert "127.0.0.1" in told
    assert secret not in told


def test_a_driver_that_is_not_here_is_said(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="MLflow's store can be reached"), connected("mysql+nobody://u:pw@127.0.0.1/x"):
        raise AssertionError("there is no such driver")
