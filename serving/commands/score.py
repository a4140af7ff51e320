"""``tiercast score``: a forecast for every member."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click

from features.errors import CutoffError
from serving.commands.options import home_option, log_options, progress, read, table_options
from serving.settings import home
from serving.store import Store
from training.config import Config


@click.command("score")
@log_options
@table_options
@click.option("--as-of", help="Forecast from rows before this day. [default: the day after the log's last]")
@click.option("--alias", default="champion", show_default=True, help="Registry alias of the model to use.")
@click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the reasons."
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the forecasts and the store. [default: the home]")
@home_option
def command(
    chosen: Config,
    as_of: str | None,
    alias: str,
    language: str,
    out: Path | None,
    home_path: Path | None,
) -> None:
    """Forecast every member with the registered model, with reasons, to Parquet, CSV and the look-up store.

    All three go to --out; a service looks up the store in its home.
    """
    from features.snapshot import parse_date
    from serving.batch import score_all
    from serving.record import Layout
    from training.artifact import load, to_forecaster
    from training.mlflow_adapter import fetch
    from training.reach import check_learned, check_reach

    place = home(home_path)
    date = parse_date(as_of, "date") if as_of else None
    version = fetch(alias, tracking_uri=place.tracking_uri, models=place.models)
    forecaster = to_forecaster(load(place.models / version))
    histories = read(chosen, progress, forecaster.columns)
    store = (out or place.path) / place.store.name
    date = date or after_the_log(histories.span[1], store)
    check_reach(histories, date)
    check_learned(forecaster, date)
    steps: Any = click.progressbar(length=len(histories), label="  forecasting", file=sys.stderr)
    with steps as bar:
        scored = score_all(
            histories,
            forecaster,
            date,
            layout=Layout.of(forecaster, version),
            out=out or place.path,
            store=store,
            language="zh" if language == "zh" else "en",
            advance=bar.update,
        )
    click.echo(f"{scored.members:,} members forecast as of {date} with model {version}")
    click.echo(f"{scored.parquet}\n{scored.csv}\n{scored.store}")


def after_the_log(end: dt.date, store: Path) -> dt.date:
    """The day after the log's last, refused where forecasts of a later day are in place.

    Raises
    ------
    CutoffError
        the log must have lost its newest rows
    """
    if store.is_file() and (stored := Store(store).as_of) > end:
        raise CutoffError(
            "forecasts in place are replaced by newer ones",
            f"a log that ends before {end}, and forecasts of {stored}",
            "find the missing rows, or say the date with --as-of",
        )
    return end
