from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ConfigError
from serving.database.engine import open_engine
from serving.database.schema import ensure
from serving.settings import DEFAULT_HOME, NAMES, Following, Home, Limits, following, home, limits, misspelt


def test_a_home_is_named_or_from_the_environment_or_the_default() -> None:
    assert home("here", {"TIERCAST_HOME": "there"}) == Home(Path("here"))
    assert home(None, {"TIERCAST_HOME": "there"}) == Home(Path("there"))
    assert home(None, {"TIERCAST_HOME": ""}) == home(None, {}) == Home(Path(DEFAULT_HOME))


def test_where_mlflow_keeps_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    assert Home(Path("h")).tracking_uri == f"sqlite:///{tmp_path}/h/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://runs.example")
    assert Home(Path("h")).tracking_uri == "http://runs.example"


@pytest.mark.parametrize("name", ["h", "a b", "50%20", "what?", "a#b", "客户"])
def test_the_store_is_in_the_home_or_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.delenv("TIERCAST_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    engine = open_engine(Home(Path(name)).store_url)
    assert engine.url.database == str(tmp_path / name / "store.sqlite")
    assert not Home(Path(name)).has_store
    ensure(engine)
    engine.dispose()
    assert Home(Path(name)).has_store
    monkeypatch.setenv("TIERCAST_STORE", "postgresql://tiercast@db.example/tiercast")
    assert Home(Path(name)).store_url == "postgresql://tiercast@db.example/tiercast"
    assert Home(Path("elsewhere")).has_store


def test_limits_default_where_nothing_is_said() -> None:
    assert limits({}) == Limits()


@given(st.integers(1, 10**9))
def test_a_limit_is_what_the_environment_says(number: int) -> None:
    assert limits({"TIERCAST_MAX_BODY_BYTES": str(number)}) == Limits(number)
    assert following({"TIERCAST_FOLLOW_SECONDS": str(number), "TIERCAST_MODEL": "v"}) == Following("v", number)


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "1e3", "٣", " 7"])
def test_a_limit_that_is_no_whole_number_above_nought_is_refused(text: str) -> None:
    for read, name in ((limits, "TIERCAST_MAX_BODY_BYTES"), (following, "TIERCAST_FOLLOW_SECONDS")):
        with pytest.raises(ConfigError, match=f"{name} is a whole number above 0"):
            read({name: text})


def test_what_is_served_is_the_registrys_where_nothing_is_said() -> None:
    assert following({}) == following({"TIERCAST_MODEL": ""}) == Following()


@pytest.mark.parametrize("text", ["9" * 5_000, "99999999999999999999", "2147483648", "٣"])
def test_what_no_clock_or_counter_takes_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="whole number above 0"):
        following({"TIERCAST_FOLLOW_SECONDS": text})
    assert following({"TIERCAST_FOLLOW_SECONDS": ""}) == Following()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *[("TIERCAST_RAET", "TIERCAST_RATE"), ("TIERCAST_WITHOUTKEYS", "TIERCAST_WITHOUT_KEYS")],
        *[("TIERCAST_LOGS", "TIERCAST_LOG"), ("TIERCAST_RATE", None), ("PATH", None)],
        *[("TIERCAST_PORT", None), ("TIERCAST_SERVICE_HOST", None), ("TIERCAST_PORT_3000_TCP_ADDR", None)],
    ],
)
def test_a_slip_of_the_pen_is_found_and_what_others_set_is_left(name: str, meant: str | None) -> None:
    assert misspelt({name: "1"}).get(name) == meant


def test_every_setting_that_is_read_is_known() -> None:
    root = Path(__file__).parents[2]
    named = {
        name
        for folder in ("features", "training", "retention", "serving")
        for path in (root / folder).rglob("*.py")
        for name in re.findall(r"TIERCAST_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))
    }
    assert named - {"TIERCAST_RATES", "TIERCAST_SERVICE_PORT"} == set(NAMES)
