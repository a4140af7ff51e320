from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from features.errors import ConfigError
from serving.commands.options import log_options, model_options, pairs, table_options
from training.config import Config


@pytest.fixture
def chosen() -> list[Config]:
    return []


@pytest.fixture
def command(chosen: list[Config]) -> click.Command:
    @click.command()
    @log_options
    @table_options
    @model_options
    def one(settings: Config) -> None:
        chosen.append(settings)

    return one


def asked(command: click.Command, *arguments: str) -> Any:
    return CliRunner().invoke(command, list(arguments))


def test_options_win_over_the_file(command: click.Command, chosen: list[Config], tmp_path: Path) -> None:
    path = tmp_path / "tiercast.yaml"
    path.write_text("transactions: log.csv\nhorizon_days: 28\ncolumns: {customer_id: Card, amount: Paid}\n")
    result = asked(command, "--config", str(path), "--horizon-days", "auto", "--map", "amount=Net", "--lookback-days", "60")
    assert result.exception is None
    (config,) = chosen
    assert (config.horizon_days, config.lookback_days) == ("auto", 60)
    assert config.transactions == str(tmp_path / "log.csv")
    assert config.columns == {"customer_id": "Card", "amount": "Net"}


def test_tables_beside_the_log_have_their_own_columns(command: click.Command, chosen: list[Config]) -> None:
    asked(command, "--events", "e.csv", "--map-event", "kind=what", "--members", "m.csv")
    (config,) = chosen
    assert config.events is not None
    assert config.members is not None
    assert (config.events.path, config.events.columns, config.members.columns) == ("e.csv", {"kind": "what"}, {})


@pytest.mark.parametrize("text", ["amount", "=Net", "amount="])
def test_a_mapping_has_two_sides(text: str) -> None:
    with pytest.raises(ConfigError, match="--map is NAME=COLUMN"):
        pairs((text,), "--map")


def test_a_horizon_is_days_or_auto(command: click.Command) -> None:
    assert "'soon' is not a valid integer" in asked(command, "--horizon-days", "soon").output
