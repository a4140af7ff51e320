"""``tiercast score``: a forecast for every member."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from features.errors import CutoffError, InputError, NoModelError, counted
from serving.commands.long_log import read_log
from serving.commands.meter import Meter
from serving.commands.options import home_option, log_options, progress, table_options
from serving.commands.spark_score import on_spark, refuse_beside, score_there, tell
from serving.commands.told import Spent, in_place, summary_of
from serving.settings import Home, home, sqlite_url
from training.config import Config

if TYPE_CHECKING:
    from sqlalchemy import Engine


_WORTH_A_PROCESS: Final = 50_000
"""Members: to start a process takes some seconds of its core."""


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
    metavar="PLACE",
    help="Write there too: FILE.parquet, FILE.csv, a FOLDER partitioned by date, or postgresql://...?table=NAME. "
    "With spark:...?parquet=FOLDER or ?table=NAME, forecast on Spark, where the log lies, and write nowhere else.",
)
@click.option(
    "--workers", type=click.IntRange(1), help="Processes that forecast. [default: one a core, as far as there is work]"
)
@click.option("--resume", is_flag=True, help="Go on from the last finished part of a run that was broken off.")
@click.option("--json", "as_json", is_flag=True, help="Print the run's summary as JSON instead.")
@home_option
def command(
    chosen: Config,
    as_of: str | None,
    alias: str,
    language: str,
    out: Path | None,
    targets: tuple[str, ...],
    workers: int | None,
    resume: bool,
    as_json: bool,
    home_path: Path | None,
) -> None:
    """Forecast every member with the registered model, with reasons, to Parquet, CSV and the store.

    The store is a database in the home, or where TIERCAST_STORE says; services answer from it as soon as all is complete.
    Each place has all forecasts of the date or none. A summary of the run is beside the forecasts.
    """
    from features.snapshot import parse_date
    from serving.batch.agreement import check_columns, check_policy
    from serving.batch.run import CHUNK_MEMBERS, room_told, score_all
    from serving.batch.targets import targets_of
    from serving.watch.recording import record_run
    from training.artifact import load, to_forecaster
    from training.mlflow_adapter import fetch
    from training.provenance import provenance
    from training.reach import check_learned, check_reach

    began = time.monotonic()
    place = home(home_path)
    date = parse_date(as_of, "date") if as_of else None
    version = fetch(alias, tracking_uri=place.tracking_uri, models=place.models)
    if on_spark(targets):
        elsewhere = {"--out": out, "--workers": workers, "--resume": resume}
        refuse_beside([name for name, given in elsewhere.items() if given])
        done = score_there(chosen, place, version, targets[0], as_of=date, language=language, say=progress)
        tell(done, as_json=as_json)
        return
    bundle = load(place.models / version)
    forecaster = to_forecaster(bundle)
    check_policy(forecaster, chosen.load_policy())
    targets_of(targets, date or dt.date.min)  # what cannot be written to is said before reading
    log = read_log(chosen, progress, forecaster.columns, CHUNK_MEMBERS)
    read = Spent(time.monotonic() - began, time.process_time())
    check_columns(forecaster, log.first)
    end = date or log.first.span[1]
    check_reach(log.first, end)
    check_learned(forecaster, end)
    processes = workers or _processes(log.members)
    with _said_what_is_kept(out or place.path), stores(place, out) as (store, answering):
        if date is None:
            refuse_older(end, store)
        with Meter(log.members) as meter:
            scored = score_all(
                log.histories,
                bundle,
                end,
                out=out or place.path,
                store=store,
                bounds=chosen.standing,
                provenance=provenance(version, tracking_uri=place.tracking_uri),
                language="zh" if language == "zh" else "en",
                mark=partial(_mark, place.path),
                erasures=answering,
                champion=_champion(place.tracking_uri),
                advance=meter.update,
                targets=(written := targets_of(targets, end)),
                processes=processes,
                keep=True,
                resume=resume,
            )
        with in_place(end), room_told(out or place.path):
            places = [str(scored.parquet), str(scored.csv), *(each.shown for each in written)]
            places.append(store.url.render_as_string(hide_password=True))
            summary = summary_of(log, scored, version, end, processes, time.monotonic() - began, read, places)
            summary.write(out or place.path)
            if out is None:
                seen, refused = log.first if log.whole else None, {**log.refused, "rows": log.rows}
                record_run(place, bundle, scored.generation, store, histories=seen, refused=refused, say=progress)
    if as_json:
        click.echo(summary.to_json())
        return
    click.echo(f"{scored.members:,} members forecast as of {end} with model {version}")
    if silent := log.members - scored.members - scored.erased:
        lookback = forecaster.settings.lookback_days
        click.echo(f"{counted(silent, 'other')} left out: no purchase in the {counted(lookback, 'day')} before")
    if scored.erased:
        click.echo(f"{counted(scored.erased, 'member')} left out: erased on request")
    if scored.resumed:
        click.echo(f"{scored.resumed} of {scored.parts} parts had been finished before")
    click.echo("\n".join(places))


@contextmanager
def _said_what_is_kept(folder: Path) -> Iterator[None]:
    """Say how to go on where a batch was broken off."""
    from serving.batch.work_folder import WorkFolder

    try:
        yield
    except InputError:  # nothing was begun
        raise
    except BaseException:
        if kept := WorkFolder(folder).kept():
            click.echo(f"  {counted(kept, 'part')} finished and kept: --resume goes on from there", err=True)
        raise


def _mark(home: Path, key: str) -> bytes:
    """A member's erasure mark; a function that other processes find by its name."""
    from serving.privacy.pseudonyms import mark

    return mark(_secret(home), key)


@lru_cache(maxsize=1)
def _secret(home: Path) -> bytes:
    from serving.privacy.pseudonyms import erasure_secret

    return erasure_secret(home)


def _processes(members: int) -> int:
    """One a core that this process may use, but none whose start would take longer than what it has to do."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, members // _WORTH_A_PROCESS))


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
