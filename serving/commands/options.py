"""Options that several commands share, and the settings they add up to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from features.errors import ConfigError
from features.repetition import DUPLICATES
from serving.commands.written import WRITTEN, WRITTEN_NAMES
from training.config import AUTO, FILE, Config, load_config

if TYPE_CHECKING:
    import datetime as dt

    from features.histories import Histories
    from features.members import Enrolled

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


@dataclass(frozen=True, eq=False)
class Base:
    """All that is known of a programme's members; ``enrolled`` is None without a member table.

    ``rows`` counts the rows of the log, ``refused`` those that were, by reason (features.verdicts).
    """

    histories: Histories
    enrolled: Enrolled | None
    rows: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)


def reading(config: Config) -> dict[str, Any]:
    """How a log is read: what ``features.check`` takes beside the log and its columns."""
    given = {**config.reading(), "duplicates": config.duplicates, "rules": config.rules}
    return {**given, "time_zone": config.programme_zone()}


def read(config: Config, say: Callable[[str], None], columns: Collection[str] | None = None) -> Histories:
    """The log as histories, with the events and dates of joining where these are given; see ``read_counted``."""
    return read_counted(config, say, columns).histories


def read_counted(config: Config, say: Callable[[str], None], columns: Collection[str] | None = None) -> Base:
    """The log as histories, with the events and dates of joining where these are given; says how many rows were refused.

    Reads ``columns`` of what is optional, by default what the features need that the settings choose, and what the policy
    counts.

    Raises
    ------
    ConfigError
        no log is named
    """
    from features.ledger import columns_counted
    from features.registry import columns_of

    policy = config.load_policy()

    def needed(has: Collection[str]) -> frozenset[str]:
        if columns is not None:
            return frozenset(columns)
        chosen = config.choose_features(has, events=config.events is not None)
        return columns_of(chosen) | (columns_counted(policy) if policy is not None else frozenset())

    return _read(config, say, needed)


def horizon_days(config: Config, histories: Histories, say: Callable[[str], None], as_of: dt.date | None = None) -> int:
    """The horizon in days: as set, or chosen once from the log as it was known at ``as_of``, and told.

    Parameters
    ----------
    as_of : the oldest date that something is forecast at; all of the log if None

    Raises
    ------
    CutoffError
        the log says nothing about that date
    UnusableLogError
        it is to be chosen, and the log gives none
    """
    if config.horizon_days != AUTO:
        return config.horizon_days
    from training.horizon import choose_horizon
    from training.reach import check_reach

    as_of = as_of or histories.span[1]
    check_reach(histories, as_of)
    chosen = choose_horizon(histories, as_of, config.came_back_share, config.came_back_of)
    say(chosen.to_text())
    return chosen.days


def read_base(config: Config, say: Callable[[str], None]) -> Base:
    """The same with what the member table says, and with the columns that descriptions need.

    Raises
    ------
    ConfigError
        no log is named
    """
    return _read(config, say, lambda _: frozenset({"cost", "quantity", "points"}))


def _read(config: Config, say: Callable[[str], None], needed: Callable[[Collection[str]], frozenset[str]]) -> Base:
    """Reads the columns ``needed`` of those that the log has.

    Raises
    ------
    ConfigError
        no log is named
    """
    from features.reading import from_log
    from serving.commands.checked_log import checked_log

    checked, rows, refused = checked_log(config, say)
    histories = from_log(checked, needed(checked.columns.sources))
    if config.policy and not histories.has_amounts:
        say("the log has no amounts: money is not available, nor are tiers that count it")
    first, end = histories.span
    members = f"{len(histories):,} member{'s' if len(histories) != 1 else ''}"
    say(f"{members}, {len(histories.visits.day):,} shopping days, {first} to {end}")
    return replace(_with_tables(config, histories, say), rows=rows, refused=refused)


def attached(config: Config, histories: Histories) -> Histories:
    """Histories with the events and dates of joining of their members, where these are given; without a word."""
    return _with_tables(config, histories, lambda _: None).histories


def _with_tables(config: Config, histories: Histories, say: Callable[[str], None]) -> Base:
    from serving.commands.checked_log import checked_events, checked_members

    enrolled = None
    if config.events is not None:
        from features.events import attach_events

        events = checked_events(config.events, config, say)
        for note in events.notes(histories):
            say(note)
        histories = attach_events(histories, events)
    if config.members is not None:
        from features.members import attach_members

        members = checked_members(config.members, config, say)
        for note in members.notes(histories):
            say(note)
        histories, enrolled = attach_members(histories, members)
    return Base(histories, enrolled)


def progress(text: str) -> None:
    """A step, told on standard error."""
    click.echo(f"  {text}", err=True)
