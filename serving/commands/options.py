"""Options that several commands share, and the settings they add up to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from features.errors import ConfigError
from features.repetition import DUPLICATES
from serving.commands.written import WRITTEN, WRITTEN_NAMES
from training.config import AUTO, FILE, Config, load_config

Command = Callable[..., None]
_SETTINGS: Final = (
    *("transactions", "duplicates", *WRITTEN_NAMES),
    *("policy", "horizon_days", "lookback_days"),
)
_TABLES: Final = {"events": "event", "members": "member"}
"""Tables beside the transactions, and what one row of each is called in options."""


def log_options(command: Command) -> Command:
    """``--config``, ``--transactions``, ``--map`` and how the log is written; the first argument becomes the settings.

    Outside of ``model_options``, so that what these add is among the settings too.
    """

    @functools.wraps(command)
    def with_settings(*, config: Path | None, columns: tuple[str, ...], **given: Any) -> None:
        said: dict[str, Any] = {name: given.pop(name) for name in _SETTINGS if name in given}
        for table, row in _TABLES.items():
            if table in given:
                option = f"--map-{row}"
                said[table] = {"path": given.pop(table), "columns": pairs(given.pop(f"{row}_columns"), option)}
        command(settings(config, columns, **said), **given)

    for option in (
        *WRITTEN,
        click.option("--duplicates", type=click.Choice(DUPLICATES), help="Rows that repeat others. [default: keep]"),
        click.option(
            "--map", "columns", multiple=True, metavar="NAME=COLUMN", help="Where a contract column is in the log."
        ),
        click.option("--transactions", metavar="PATH", help="CSV or Parquet, a file or a glob in quotes, or a URL."),
        click.option("--config", type=click.Path(path_type=Path), help=f"Settings. [default: {FILE}, if there is one]"),
    ):
        with_settings = option(with_settings)
    return with_settings


def _days(ctx: click.Context, param: click.Parameter, value: str | None) -> int | str | None:
    """Whole days, or 'auto'."""
    days: int | str | None = value if value in (None, AUTO) else click.INT(value, param, ctx)
    return days


def model_options(command: Command) -> Command:
    """``--policy``, ``--horizon-days``, ``--lookback-days``, which ``log_options`` makes part of the settings."""
    lookback = click.option("--lookback-days", type=int, help="Members with a purchase in it are forecast. [default: 91]")
    return policy_options(lookback(command), "Days ahead that are forecast, or 'auto'. [default: 28]")


def policy_options(command: Command, horizon: str = "Days ahead that needs are about, or 'auto'. [default: 28]") -> Command:
    """``--policy`` and ``--horizon-days``, likewise."""
    for option in (
        click.option("--horizon-days", "--horizon", callback=_days, metavar="DAYS", help=horizon),
        click.option("--policy", metavar="PATH", help="Tier policy; without one, tiers are left out."),
    ):
        command = option(command)
    return command


def table_options(command: Command) -> Command:
    """``--events``, ``--members``, ``--map-event``, ``--map-member``, which ``log_options`` makes part of the settings."""
    for option in (
        click.option("--map-member", "member_columns", multiple=True, metavar="NAME=COLUMN", help="Likewise, in the table."),
        click.option("--members", metavar="PATH", help="Member table: since when, consent, and who has yet to buy."),
        click.option(
            "--map-event", "event_columns", multiple=True, metavar="NAME=COLUMN", help="Likewise, in the event log."
        ),
        click.option("--events", metavar="PATH", help="Event log: sent, opened, redeemed, referral, survey, complaint."),
    ):
        command = option(command)
    return command


def home_option(command: Command) -> Command:
    """``--home``."""
    text = "Folder of models, runs and the store. [default: $TIERCAST_HOME or tiercast-data]"
    return click.option("--home", "home_path", type=click.Path(path_type=Path), help=text)(command)


def settings(config: Path | None, columns: tuple[str, ...], **said: Any) -> Config:
    """Settings from the file and the command line.

    Raises
    ------
    ConfigError
    """
    return load_config(config, {**said, "columns": pairs(columns, "--map")})


def pairs(columns: tuple[str, ...], option: str) -> dict[str, str]:
    """What NAME=COLUMN options say."""
    found = {}
    for text in columns:
        name, equals, column = text.partition("=")
        if not equals or not name or not column:
            raise ConfigError(f"{option} is NAME=COLUMN", repr(text), f"write it as {option} customer_id=household_id")
        found[name.strip()] = column.strip()
    return found


def reading(config: Config) -> dict[str, Any]:
    """How a log is read: what ``features.check`` takes beside the log and its columns."""
    given = {**config.reading(), "duplicates": config.duplicates, "rules": config.rules}
    return {**given, "time_zone": config.programme_zone()}


def progress(text: str) -> None:
    """A step, told on standard error."""
    click.echo(f"  {text}", err=True)
