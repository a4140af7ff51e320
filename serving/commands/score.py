"""``tiercast score``: a forecast for every member."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from features.errors import CutoffError, NoModelError, counted
from serving.commands.options import home_option, log_options, progress, read, table_options
from serving.commands.spark_score import on_spark, score_there, tell
from serving.settings import Home, home, sqlite_url
from training.config import Config

if TYPE_CHECKING:
    from sqlalchemy import Engine


@click.command("score")
@log_options
@table_options
@click.option("--as-of", help="Forecast from rows before this day. [default: the day after the log's last]")
@click.option("--alias", default="champion", show_default=True, help="Registry alias of the model to use.")
@click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the reasons."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for a trial: files and a store of its own, which no service answers from. [default: the home]",
)
@click.option(
    "--to",
    "targets",
    multiple=True,
    metavar="URL",
    help="Forecast on Spark, where the log lies, to spark:...?parquet=FOLDER or ?table=NAME, and not to the home.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the run's summary as JSON instead.")
@home_option
def command(
    chosen: Config,
    as_of: str | None,
    alias: str,
    language: str,
    out: Path | None,
    targets: tuple[str, ...],
    as_json: bool,
    home_path: Path | None,
) -> None:
    """Forecast every member with the registered model, with reasons, to Parquet, CSV and the store.

    The store is a database in the home, or where TIERCAST_STORE says; services answer from it as soon as all is complete.
    """
    from functools import cache

    from features.snapshot import parse_date
    from serving.batch.run import score_all
    from serving.privacy.pseudonyms import erasure_secret
    from serving.privacy.pseudonyms import mark as pseudonym
    from training.artifact import load, to_forecaster
    from training.mlflow_adapter import fetch
    from training.provenance import provenance
    from training.reach import check_learned, check_reach

    place = home(home_path)
    date = parse_date(as_of, "date") if as_of else None
    version = fetch(alias, tracking_uri=place.tracking_uri, models=place.models)
    if on_spark(targets):
        done = score_there(chosen, place, version, targets[0], as_of=date, language=language, say=progress)
        tell(done, as_json=as_json)
        return
    bundle = load(place.models / version)
    forecaster = to_forecaster(bundle)
    histories = read(chosen, progress, forecaster.columns)
    end = date or histories.span[1]
    check_reach(histories, end)
    check_learned(forecaster, end)
    secret = cache(lambda: erasure_secret(place.path))
    steps: Any = click.progressbar(length=len(histories), label="  forecasting", file=sys.stderr)
    with stores(place, out) as (store, answering):
        if date is None:
            refuse_older(end, store)
        with steps as bar:
            scored = score_all(
                histories,
                bundle,
                end,
                out=out or place.path,
                store=store,
                bounds=chosen.standing,
                provenance=provenance(version, tracking_uri=place.tracking_uri),
                language="zh" if language == "zh" else "en",
                mark=lambda key: pseudonym(secret(), key),
                erasures=answering,
                champion=_champion(place.tracking_uri),
                advance=bar.update,
            )
    click.echo(f"{scored.members:,} members forecast as of {end} with model {version}")
    if scored.erased:
        click.echo(f"{counted(scored.erased, 'member')} left out: erased on request")
    click.echo(f"{scored.parquet}\n{scored.csv}\n{store.url.render_as_string(hide_password=True)}")


@contextmanager
def stores(place: Home, out: Path | None) -> Iterator[tuple[Engine, Engine]]:
    """The store to fill, and the one that services answer from, which knows who was erased: the same but for a trial.

    Raises
    ------
    ArtifactError, ConfigError, StoreError
        one of them cannot be used
    """
    from serving.database.engine import open_engine
    from serving.database.schema import ensure

    filled = place.store_url if out is None else sqlite_url(out / place.store.name)
    answering = place.store_url if place.has_store else filled  # nobody was erased from one that is not there
    engines = {url: open_engine(url) for url in (filled, answering)}
    try:
        for engine in engines.values():
            ensure(engine)
        yield engines[filled], engines[answering]
    finally:
        for engine in engines.values():
            engine.dispose()


def _champion(tracking_uri: str) -> str | None:
    """The version that services serve; None where a challenger is scored and no champion is named yet."""
    from serving.desk.registry_alias import champion_version

    try:
        return champion_version(tracking_uri)
    except NoModelError:
        return None


def refuse_older(end: dt.date, store: Engine) -> None:
    """Refuse the day after the log's last where forecasts of a later day are in place.

    Raises
    ------
    CutoffError
        the log must have lost its newest rows
    """
    from serving.database.generations import complete

    newest = complete(store)[:1]
    if newest and newest[0].as_of > end:
        raise CutoffError(
            "forecasts in place are replaced by newer ones",
            f"a log that ends before {end}, and forecasts of {newest[0].as_of}",
            "find the missing rows, or say the date with --as-of",
        )
