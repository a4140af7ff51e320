"""``tiercast promote``: the challenger becomes champion when it is shown to be not worse, and goes back on request."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from serving.commands.base import read
from serving.commands.options import home_option, log_options, progress, table_options
from serving.settings import home
from training.config import Config

EXIT_REFUSED: Final = 5


@click.command("promote")
@log_options
@table_options
@click.option("--origins", type=click.IntRange(1, 12), default=2, show_default=True, help="Newest horizons to judge by.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0.0, 1.0),
    default=0.002,
    show_default=True,
    help="Most log loss that the upper end of the paired interval may show.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be decided, and write nothing.")
@click.option("--rollback", is_flag=True, help="Make the champion before this one champion again; looks at no log.")
@home_option
@click.pass_context
def command(
    context: click.Context,
    chosen: Config,
    origins: int,
    tolerance: float,
    dry_run: bool,
    rollback: bool,
    home_path: Path | None,
) -> None:
    """Refit challenger and champion at the newest closed horizons and compare them member by member.

    Promoted, the challenger becomes champion, which 'tiercast score' and 'tiercast serve' follow; refused, the exit code
    is 5. Either way the decision with its figures is written to the registry.
    """
    from training.promotion import compare, decide
    from training.promotion_log import contenders, log_decision, roll_back
    from training.track import fingerprint

    place = home(home_path)
    if rollback:
        goes, comes = roll_back(tracking_uri=place.tracking_uri, dry_run=dry_run)
        click.echo(f"{'would be' if dry_run else 'is'} champion again: {comes}, in place of {goes}")
        return
    challenger, champion = contenders(tracking_uri=place.tracking_uri, models=place.models)
    histories = read(chosen, progress, challenger.recipe.columns | champion.recipe.columns)
    pairs, notes = compare(histories, challenger.recipe, champion.recipe, origins=origins, say=progress)
    notes += older(challenger.name, champion.name)
    if not challenger.checks:
        notes.append("checks: not known, none were run with the challenger's training")
    decision = decide(
        pairs,
        challenger=challenger.name,
        champion=champion.name,
        failed_checks=challenger.failed_checks,
        tolerance=tolerance,
        notes=notes,
        data_fingerprint=fingerprint(histories),
    )
    click.echo(decision.to_text())
    if dry_run:
        click.echo("\na dry run: nothing was written")
    else:
        numbers = challenger.number, champion.number
        run_id = log_decision(decision, *numbers, tracking_uri=place.tracking_uri, artifacts=place.artifacts)
        click.echo(f"\nwritten to the registry and to run {run_id}")
    if not decision.promoted:
        context.exit(EXIT_REFUSED)


def older(challenger: str, champion: str) -> list[str]:
    """What to know of a challenger that was trained for an earlier day than the champion; nothing of another.

    >>> older("2026-10-20-0fcd75d8", "2026-11-04-c770a907")
    ['the challenger has seen the log before 2026-10-20, the champion that before 2026-11-04: how they learn is compared']
    >>> older("2026-11-04-c770a907", "2026-10-20-0fcd75d8")
    []
    """
    mine, theirs = challenger[:10], champion[:10]
    if mine >= theirs:
        return []
    return [f"the challenger has seen the log before {mine}, the champion that before {theirs}: how they learn is compared"]
