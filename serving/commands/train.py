"""``tiercast train``: a model from a log and a policy, measured and registered."""

from __future__ import annotations

from pathlib import Path

import click

from serving.commands.options import home_option, horizon_days, log_options, model_options, progress, read, table_options
from serving.settings import home
from training.config import Config


@click.command("train")
@log_options
@table_options
@model_options
@click.option("--as-of", help="Train on rows before this day. [default: the day after the log's last]")
@click.option("--alias", default="champion", show_default=True, help="Registry alias to point at the new model.")
@home_option
def command(
    chosen: Config,
    as_of: str | None,
    alias: str,
    home_path: Path | None,
) -> None:
    """Train, measure on the newest closed horizon, log one MLflow run and register the model."""
    from features.snapshot import parse_date
    from training.artifact import save
    from training.mlflow_adapter import log_training
    from training.scoreboard import PAIRED, to_text
    from training.track import records
    from training.train import run_training

    place = home(home_path)
    rules = chosen.load_policy()
    date = parse_date(as_of, "date") if as_of else None
    histories = read(chosen, progress)
    trained = run_training(
        histories,
        horizon_days=horizon_days(chosen, histories, progress, date),
        lookback_days=chosen.lookback_days,
        policy=rules,
        features=chosen.choose_features(histories.columns, events=bool(histories.events)),
        as_of=date,
        say=progress,
    )
    click.echo(to_text(trained.scores))
    for score in trained.scores:
        if score.metric == PAIRED and score.estimate.high < 0:
            by = f"by {-score.estimate.value:.4f} of log loss on the held-out horizon"
            click.echo(f"\nwarning: for {score.target}, '{score.model}' is better {by}; look before you use this model")
    bundle = trained.fitted.bundle
    save(bundle, place.models / bundle.version)
    progress("logging the run and registering the model")
    log_training(
        records(trained, histories), bundle, tracking_uri=place.tracking_uri, artifacts=place.artifacts, alias=alias
    )
    click.echo(f"\nmodel {bundle.version} is registered as '{alias}'; it is in {place.models / bundle.version}")
