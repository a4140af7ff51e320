"""``tiercast train``: a model from a log and a policy, measured and registered."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from features.errors import counted
from serving.commands.base import horizon_days, read_counted
from serving.commands.options import home_option, log_options, model_options, progress, table_options
from serving.settings import home
from training.config import Config
from training.registry import CHALLENGER, CHAMPION

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
    from training.closing import closing
    from training.grade import grades
    from training.learning import DEFAULTS
    from training.mlflow_adapter import log_training
    from training.proof import Proof
    from training.reference import REFERENCE_FILE
    from training.scoreboard import LEGEND, to_text
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
    if origins:
        click.echo(to_text(trained.scores) + (f"\n\n{LEGEND}" if trained.scores else ""))
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
    parts = slices(trained.origins)
    found = records(trained, histories, findings=findings, slices=[part.to_dict() for part in parts])
    logged = log_training(
        (*found, Text(REFERENCE_FILE, reference.to_json())),
        bundle,
        lambda made: answers(made, chosen.standing),
        tracking_uri=place.tracking_uri,
        artifacts=place.artifacts,
        alias=alias,
    )
    proof = Proof(trained.origins, trained.scores, parts, grades(trained.scores, trained.origins))
    click.echo(f"\n{closing(trained, proof, findings)}\n")
    click.echo(f"model {bundle.version} is registered as '{logged.alias}'; it is in {place.models / bundle.version}")
    click.echo(what_next(findings, logged.alias))


def what_next(findings: Iterable[Finding], alias: str) -> str:
    """The last line of a training, whose model is registered whatever its checks say.

    >>> what_next([], "champion")
    "next: 'tiercast score' forecasts every member with it"
    """
    failed = [finding.code for finding in findings if finding.status == "failed"]
    if failed:
        return f"next: {counted(len(failed), 'check')} failed ({', '.join(failed)}): do what stands above before it is used"
    if alias == CHALLENGER:
        return "next: there is a champion already: 'tiercast promote' compares the two"
    if alias != CHAMPION:
        return f"next: 'tiercast score' goes on with the champion; '{alias}' waits in the registry"
    return "next: 'tiercast score' forecasts every member with it"
