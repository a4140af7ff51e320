"""A programme's log, events and members, read as commands need them; what was read is told on the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from training.config import AUTO, Config

if TYPE_CHECKING:
    import datetime as dt

    from features.histories import Histories
    from features.members import Enrolled


@dataclass(frozen=True, eq=False)
class Base:
    """All that is known of a programme's members; ``enrolled`` is None without a member table.

    ``rows`` counts the rows of the log, ``refused`` those that were, by reason (features.verdicts).
    """

    histories: Histories
    enrolled: Enrolled | None
    rows: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)


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
