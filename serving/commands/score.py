"""``tiercast score``: a forecast for every member."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from serving.commands.options import home_option, log_options, progress, read
from serving.settings import home
from training.config import Config


@click.command("score")
@log_options
@click.option("--as-of", help="Forecast from rows before this day. [default: the day after the log's last]")
@click.option("--alias", default="champion", show_default=True, help="Registry alias of the model to use.")
@click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the reasons."
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for forecasts.parquet and .csv. [default: the home]")
@home_option
def command(
    chosen: Config,
    as_of: str | None,
    alias: str,
    language: str,
    out: Path | None,
    home_path: Path | None,
) -> None:
    """Forecast every member with the registered model, with reasons, to Parquet, CSV and the look-up store."""
    from features.snapshot import parse_date
    from serving.batch import score_all
    from serving.record import Layout
    from training.artifact import load, to_forecaster
    from training.mlflow_adapter import fetch
    from training.reach import check_reach

    place = home(home_path)
    date = parse_date(as_of, "date") if as_of else None
    version = fetch(alias, tracking_uri=place.tracking_uri, models=place.models)
    forecaster = to_forecaster(load(place.models / version))
    histories = read(chosen, progress)
    date = date or histories.span[1]
    check_reach(histories, date)
    steps: Any = click.progressbar(length=len(histories), label="  forecasting", file=sys.stderr)
    with steps as bar:
        scored = score_all(
            histories,
            forecaster,
            date,
            layout=Layout.of(forecaster, version),
            out=out or place.path,
            store=place.store,
            language="zh" if language == "zh" else "en",
            advance=bar.update,
        )
    click.echo(f"{scored.members:,} members forecast as of {date} with model {version}")
    click.echo(f"{scored.parquet}\n{scored.csv}\n{scored.store}")
