"""Options that several commands share, and the settings they add up to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from features.errors import ConfigError
from features.repetition import DUPLICATES
from training.config import FILE, Config, load_config

if TYPE_CHECKING:
    from features.feature import Feature
    from features.histories import Histories

Command = Callable[..., None]
_SETTINGS: Final = ("transactions", "duplicates", "policy", "horizon_days", "lookback_days")


def log_options(command: Command) -> Command:
    """``--config``, ``--transactions``, ``--map`` and ``--duplicates``; the command's first argument becomes the settings.

    Outside of ``model_options``, so that what these add is among the settings too.
    """

    @functools.wraps(command)
    def with_settings(*, config: Path | None, columns: tuple[str, ...], **given: Any) -> None:
        said = {name: given.pop(name) for name in _SETTINGS if name in given}
        command(settings(config, columns, **said), **given)

    for option in (
        click.option("--duplicates", type=click.Choice(DUPLICATES), help="Rows that repeat others. [default: keep]"),
        click.option(
            "--map", "columns", multiple=True, metavar="NAME=COLUMN", help="Where a contract column is in the log."
        ),
        click.option("--transactions", metavar="PATH", help="CSV or Parquet, a file or a glob in quotes, or a URL."),
        click.option("--config", type=click.Path(path_type=Path), help=f"Settings. [default: {FILE}, if there is one]"),
    ):
        with_settings = option(with_settings)
    return with_settings


def model_options(command: Command) -> Command:
    """``--policy``, ``--horizon-days``, ``--lookback-days``, which ``log_options`` makes part of the settings."""
    for option in (
        click.option("--lookback-days", type=int, help="Members with a purchase in it are forecast. [default: 91]"),
        click.option("--horizon-days", type=int, help="Days ahead that are forecast. [default: 28]"),
        click.option("--policy", metavar="PATH", help="Tier policy; without one, tiers are left out."),
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
    pairs = {}
    for text in columns:
        name, equals, column = text.partition("=")
        if not equals or not name or not column:
            raise ConfigError("--map is NAME=COLUMN", repr(text), "write it as --map customer_id=household_id")
        pairs[name.strip()] = column.strip()
    return load_config(config, {**said, "columns": pairs})


def reading(config: Config) -> dict[str, Any]:
    """How a log is read: what ``features.check`` takes beside the log and its columns."""
    names = ("duplicates", "rules", "time_zone", "decimal_comma")
    return {name: getattr(config, name) for name in names}


def read(config: Config, say: Callable[[str], None], features: Sequence[Feature] | None = None) -> Histories:
    """The log as histories; says how many rows were refused.

    Reads what ``features`` need, by default what those need that the settings choose, and what the policy counts.

    Raises
    ------
    ConfigError
        no log is named
    """
    from features.engine import fetch
    from features.reading import from_log
    from features.registry import columns_of
    from features.servers import shown
    from features.verdicts import REASONS, check

    if config.transactions is None:
        raise ConfigError("a log is named", "none", f"pass --transactions PATH, or set 'transactions' in {FILE}")
    say(f"reading {shown(config.transactions)}")
    checked = check(config.transactions, config.columns, **reading(config))
    if features is None:
        features = config.choose_features(checked.columns.sources)
    histories = from_log(checked, columns_of(features))
    refused = checked.rows.filter(checked.rows.tc_reason.notnull())
    for count in fetch(refused.group_by("tc_reason").agg(rows=refused.count()).order_by("tc_reason")).to_pylist():
        say(f"refused {count['rows']:,} rows: {REASONS[count['tc_reason']]}")
    for name in checked.columns.guessed:
        say(f"taken as {name}: {'*'.join(checked.columns.sources[name])}")
    if config.policy and not histories.has_amounts:
        say("the log has no amounts, so spend and tiers are not available")
    first, end = histories.span
    members = f"{len(histories):,} member{'s' if len(histories) != 1 else ''}"
    say(f"{members}, {len(histories.visits.day):,} shopping days, {first} to {end}")
    return histories


def progress(text: str) -> None:
    """A step, told on standard error."""
    click.echo(f"  {text}", err=True)
