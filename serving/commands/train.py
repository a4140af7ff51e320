"""``tiercast train``: a model from a log and a policy, measured and registered."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from features.errors import counted
from serving.commands.options import (
    home_option,
    horizon_days,
    log_options,
    model_options,
    progress,
    read_counted,
    table_options,
)
from serving.settings import home
from training.config import Config

if TYPE_CHECKING:
    from training.checks import Finding


@click.command("train")
@log_options
@table_options
@model_options
@click.option("--as-of", help="Train on rows before this day. [default: the day after the log's last]")
@click.option(
    "--origins", type=click.IntRange(0, 12), default=2, show_default=True, help="Newest horizons to hold out and measure on."
)
@click.option(
    "--alias", help="Registry alias for the new model. [default: challenger, or champion where there is none to challenge]"
)
@home_option
def command(
    chosen: Config,
    as_of: str | None,
    origins: int,
    alias: str | None,
    home_path: Path | None,
) -> None:
    """Train, measure on the newest closed horizons, log an MLflow run with a child for each, and register the model.

    The first model is champion, whom 'tiercast score' and 'tiercast serve' follow; a later one is challenger until
    'tiercast promote' has compared the two.
    """
    from features.snapshot import parse_date
    from serving.batch.pyfunc import answers
    from serving.watch.kept import write_reference
    from serving.watch.references import held_out
    from training.artifact import save
    from training.checks import gather, run_checks
    from training.checks import to_text as findings_text
    from training.learning import DEFAULTS
    from training.mlflow_adapter import log_training
    from training.reference import REFERENCE_FILE
    from training.registry import CHALLENGER
    from training.scoreboard import to_text
    from training.sightings import make_reference
    from training.slices import slices
    from training.track import Text, records
    from training.train import run_training

    place = home(home_path)
    rules = chosen.load_policy()
    date = parse_date(as_of, "date") if as_of else None
    base = read_counted(chosen, progress)
    histories = base.histories
    trained = run_training(
        histories,
        horizon_days=horizon_days(chosen, histories, progress, date),
        lookback_days=chosen.lookback_days,
        policy=rules,
        features=chosen.choose_features(histories.columns, events=bool(histories.events)),
        as_of=date,
        learning=chosen.learning or DEFAULTS,
        worth=chosen.worth,
        held_out=origins,
        say=progress,
    )
    click.echo(to_text(trained.scores))
    progress("checking")
    findings = run_checks(gather(histories, trained.fitted, trained.forecasts, trained.origins))
    click.echo(f"\n{findings_text(findings)}")
    bundle = trained.fitted.bundle
    save(bundle, place.models / bundle.version)
    progress("keeping what 'tiercast watch' compares later runs with")
    forecaster, figures = trained.fitted.forecaster, held_out(trained.scores)
    refused = {**base.refused, "rows": base.rows}
    reference = make_reference(forecaster, bundle.version, histories, refused=refused, figures=figures)
    write_reference(place.path, reference)
    progress("logging the run and registering the model")
    found = records(trained, histories, findings=findings, slices=[part.to_dict() for part in slices(trained.origins)])
    logged = log_training(
        (*found, Text(REFERENCE_FILE, reference.to_json())),
        bundle,
        lambda made: answers(made, chosen.standing),
        tracking_uri=place.tracking_uri,
        artifacts=place.artifacts,
        alias=alias,
    )
    click.echo(f"\nmodel {bundle.version} is registered as '{logged.alias}'; it is in {place.models / bundle.version}")
    if said := failures(findings):
        click.echo(said)
    if logged.alias == CHALLENGER and alias is None:
        click.echo("there is a champion already: 'tiercast promote' compares the two")


def failures(findings: Iterable[Finding]) -> str:
    """Which checks failed, for the last line of a training, whose model is registered all the same; empty where none did."""
    failed = [finding.code for finding in findings if finding.status == "failed"]
    said = f"{counted(len(failed), 'check')} failed ({', '.join(failed)}): read above what to do before the model is used"
    return said if failed else ""
