"""The log that settings name, checked: what every command says of it before it reads on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from features.errors import ConfigError
from training.config import FILE, Config

if TYPE_CHECKING:
    from features.verdicts import Checked


def checked_log(config: Config, say: Callable[[str], None]) -> tuple[Checked, int, dict[str, int]]:
    """The log's verdicts, its number of rows and how many were refused, by reason.

    Raises
    ------
    ConfigError
        no log is named
    """
    from features.engine import fetch
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
        say(f"refused {count:,} rows: {REASONS[reason]}")
    for name in checked.columns.guessed:
        say(f"taken as {name}: {'*'.join(checked.columns.sources[name])}")
    return checked, sum(rows.values()), refused
