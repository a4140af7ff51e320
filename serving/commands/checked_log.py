"""The log that settings name, checked: what every command says of it before it reads on; and the two tables beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from features.errors import ConfigError, counted
from training.config import FILE, Config, Table

if TYPE_CHECKING:
    from features.events import CheckedEvents
    from features.members import CheckedMembers
    from features.verdicts import Checked


def checked_log(config: Config, say: Callable[[str], None]) -> tuple[Checked, int, dict[str, int]]:
    """The log's verdicts, its number of rows and how many were refused, by reason.

    Raises
    ------
    ConfigError
        no log is named
    """
    from features.engine import fetch
    from features.suggestions import suggestions
    from features.urls import shown
    from features.verdicts import REASONS, check
    from serving.commands.options import reading

    if config.transactions is None:
        raise ConfigError("a log is named", "none", f"pass --transactions PATH, or set 'transactions' in {FILE}")
    say(f"reading {shown(config.transactions)}")
    checked = check(config.transactions, config.columns, **reading(config))
    judged = checked.rows.group_by("tc_reason").agg(rows=checked.rows.count())
    rows = {row["tc_reason"]: int(row["rows"]) for row in fetch(judged).to_pylist()}
    refused = {reason: rows[reason] for reason in sorted(reason for reason in rows if reason is not None)}
    for reason, count in refused.items():
        say(f"refused {counted(count, 'row')}: {REASONS[reason]}")
    for hint in suggestions(checked, refused):
        say(hint)
    for name in checked.columns.guessed:
        say(f"taken as {name}: {checked.columns.shown(name)}")
    return checked, sum(rows.values()), refused


def checked_events(table: Table, config: Config, say: Callable[[str], None]) -> CheckedEvents:
    """The event log's verdicts, told likewise by whoever asked."""
    from features.events import check_events

    say(f"reading {table.path}")
    return check_events(table.path, table.columns, time_zone=config.programme_zone(), **table.reading_beside(config))


def checked_members(table: Table, config: Config, say: Callable[[str], None]) -> CheckedMembers:
    """The member table's verdicts, likewise."""
    from features.members import check_members

    say(f"reading {table.path}")
    written = table.reading_beside(config)
    dates = {name: written[name] for name in ("date_order", "date_format", "layout")}
    return check_members(table.path, table.columns, time_zone=config.programme_zone(), **dates)
