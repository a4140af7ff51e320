"""``tiercast forget``: members erased."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from features.errors import ConfigError, NothingKeptError, counted
from serving.commands.options import home_option
from serving.settings import home

NOT_REACHED: Final = (
    "not reached, and yours to delete: the transaction log, and what batches have written outside of this home (--to "
    "PostgreSQL, Spark, other folders)"
)


@click.command("forget")
@click.argument("member", required=False)
@click.option("--stdin", "many", is_flag=True, help="Read ids from standard input, one a line: a shell keeps its history.")
@home_option
def command(member: str | None, many: bool, home_path: Path | None) -> None:
    """Erase members from the store, and from the forecasts and plans that batches have left in the home.

    The next batch leaves them out as well, though they are in the log. Prints a receipt for each, which names nobody. Exits
    with 3 if nothing was kept of any of them, and remembers them as erased all the same.

    Does not reach what batches have written to PostgreSQL, to Spark or to folders outside of the home: see docs/batch.md.
    """
    from serving.database.engine import open_engine
    from serving.database.schema import ensure
    from serving.desk.erasing import erase_everywhere
    from serving.privacy.pseudonyms import erasure_secret

    if (member is None) != many:
        raise ConfigError("forget takes one MEMBER, or --stdin", "both" if many else "neither", "name one, or pipe them in")
    members = [line.rstrip("\r\n") for line in sys.stdin] if member is None else [member]
    members = [member for member in members if member]
    place = home(home_path)
    if not place.has_store:  # to make an empty one and say 'nothing is kept' would be a receipt for nothing
        got = f"none in {place.path}"
        raise ConfigError(
            "members are erased from a store", got, "name its home by --home, or its database by TIERCAST_STORE"
        )
    secret = erasure_secret(place.path)
    engine = open_engine(place.store_url)
    ensure(engine)
    done = erase_everywhere(engine, place.path, members, secret)
    for receipt in done.receipts:
        rows = ", ".join(f"{table} {rows:,}" for table, rows in receipt.counts.items())
        click.echo(f"receipt {receipt.id}, {receipt.erased_at.isoformat()}: {rows}")
    for table in done.tables:
        click.echo(f"{table.path.name}: {counted(table.rows, 'row')}")
    click.echo(NOT_REACHED, err=True)
    if not done.known:
        raise NothingKeptError(len(members))
