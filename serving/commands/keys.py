"""``tiercast keys``: who may ask the service."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import Engine

from serving.commands.options import home_option
from serving.privacy.scopes import SCOPES
from serving.settings import home


@click.group("keys")
def command() -> None:
    """Make, list and revoke the keys of those who may ask the service.

    Scopes: forecast (forecasts, what-ifs, one member), desk (the list of members, one member), write (post transaction
    lines), admin (erase a member). None includes another.
    """


@command.command("make")
@click.option("--name", required=True, help="Who will use it; shown by 'keys list'.")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="May be given repeatedly.")
@home_option
def make_command(name: str, scopes: tuple[str, ...], home_path: Path | None) -> None:
    """Make a key. It is printed once, to standard output, and cannot be shown again."""
    from serving.privacy.keys import make

    key, text = make(_store(home_path), name, scopes)
    click.echo(text)
    click.echo(f"key {key.id} for {key.name}: {', '.join(sorted(key.scopes))}. It is not shown again.", err=True)


@command.command("list")
@home_option
def list_command(home_path: Path | None) -> None:
    """List all keys: id, name, scopes, when made and when revoked."""
    from serving.privacy.keys import all_keys

    keys = all_keys(_store(home_path))
    if not keys:
        click.echo("there are no keys: 'tiercast keys make' makes one", err=True)
    for key in keys:
        state = f"revoked {key.revoked_at}" if key.revoked_at else "in force"
        click.echo("\t".join((key.id, key.name, " ".join(sorted(key.scopes)), key.made_at, state)))


@command.command("revoke")
@click.argument("key_id", metavar="ID")
@home_option
def revoke_command(key_id: str, home_path: Path | None) -> None:
    """Revoke a key by its id. Every service on the store refuses it within 5 seconds."""
    from serving.privacy.keys import revoke

    revoke(_store(home_path), key_id)
    click.echo(f"key {key_id} is revoked", err=True)


def _store(home_path: Path | None) -> Engine:
    """The store, with its tables."""
    from serving.database.engine import open_engine
    from serving.database.schema import ensure

    engine = open_engine(home(home_path).store_url)
    ensure(engine)
    return engine
