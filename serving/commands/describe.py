"""``tiercast describe``: one member at a date, described without learning."""

from __future__ import annotations

import json

import click

from serving.commands.base import horizon_days, read_base
from serving.commands.options import log_options, policy_options, progress, table_options
from training.config import Config


@click.command("describe")
@click.argument("member")
@log_options
@policy_options
@table_options
@click.option("--as-of", help="Describe from rows before this day. [default: the day after the log's last]")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the words.")
@click.option("--json", "as_json", is_flag=True, help="Print plain values as JSON.")
def command(
    chosen: Config,
    member: str,
    as_of: str | None,
    language: str,
    as_json: bool,
) -> None:
    """Say who MEMBER is: the ledger, the tier and how it came about, the standing, what keeps and what lifts the tier."""
    from features.snapshot import parse_date
    from serving.describing.description import described
    from serving.describing.description_text import to_text
    from training.reach import check_reach

    policy = chosen.load_policy()
    date = parse_date(as_of, "date") if as_of else None
    base = read_base(chosen, progress)
    date = date or base.histories.span[1]
    check_reach(base.histories, date)
    found = described(
        base.histories,
        member,
        date,
        horizon_days=horizon_days(chosen, base.histories, progress, date),
        policy=policy,
        bounds=chosen.standing,
        enrolled=base.enrolled,
        language="zh" if language == "zh" else "en",
    )
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        click.echo(to_text(found, "zh" if language == "zh" else "en"))
