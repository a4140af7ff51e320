from __future__ import annotations

import json

import pytest

from features.errors import ConfigError
from serving.commands.spark_score import Done, on_spark, refuse_beside, tell

DONE = Done("2020-01-01-0a0b0c0d", "2020-08-03", 1_000, {"no_time": 3}, 400, 1, {"Base": 400}, 1.25, ["spark:?table=db.all"])


@pytest.mark.parametrize("place", ["spark:?table=db.all", "spark://host:7077?parquet=/all", "spark:yarn?parquet=/all"])
def test_what_goes_to_spark_is_made_there(place: str) -> None:
    assert on_spark([place])


@pytest.mark.parametrize("place", ["all.parquet", "spark/all.csv", "postgresql://ann@host/shop?table=all"])
def test_what_goes_elsewhere_is_not(place: str) -> None:
    assert not on_spark([place])


def test_a_run_is_made_in_one_place() -> None:
    with pytest.raises(ConfigError, match=r"goes to one place; got spark:\?table=db\.all, all\.parquet"):
        on_spark(["spark:?table=db.all", "all.parquet"])


def test_what_was_done_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    tell(DONE, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "400 members forecast as of 2020-08-03 with model 2020-01-01-0a0b0c0d",
        "1 member left out: erased on request",
        "spark:?table=db.all",
    ]
    tell(DONE, as_json=True)
    assert json.loads(capsys.readouterr().out) == vars(DONE)


def test_what_a_cluster_does_by_itself_is_not_said() -> None:
    refuse_beside([])
    with pytest.raises(ConfigError, match="how a cluster works; got --workers and --resume"):
        refuse_beside(["--workers", "--resume"])
