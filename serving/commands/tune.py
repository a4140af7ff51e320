"""``tiercast tune``: how the trees should learn on this log, searched in a box of time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from serving.commands.base import horizon_days, read
from serving.commands.options import home_option, log_options, model_options, progress, table_options
from serving.settings import home
from training.config import FILE, Config

if TYPE_CHECKING:
    from training.learning import Learning

STUDIES: Final = "tuning.db"
SECTION: Final = "learning.yaml"


@click.command("tune")
@log_options
@table_options
@model_options
@click.option(
    "--minutes", type=click.FloatRange(0.0, min_open=True), default=10.0, show_default=True, help="The box of time."
)
@click.option("--trials", type=click.IntRange(1), help="Try at most so many settings. [default: as many as fit]")
@home_option
def command(chosen: Config, minutes: float, trials: int | None, home_path: Path | None) -> None:
    """Search leaves, learning rate, rows a leaf, l2 and pooled cutoffs on past origins; stopped, it goes on next time.

    The newest closed horizon is kept out of the search. What was found is kept, as a section for tiercast.yaml, only where
    it beats what is in force there by more than its interval.
    """
    from features.errors import counted
    from training.learning import Learning as Settings
    from training.reach import check_reach
    from training.recipe import Recipe
    from training.track import fingerprint
    from training.tuning import Search, Trial, judge, objective, origins_of, study_name
    from training.tuning_log import close_study, leave_study, log_trial, open_study

    place = home(home_path)
    policy = chosen.load_policy()
    histories = read(chosen, progress)
    recipe = Recipe(
        chosen.choose_features(histories.columns, events=bool(histories.events)),
        policy,
        horizon_days(chosen, histories, progress, None),
        chosen.lookback_days,
        histories.has_amounts,
        histories.time_zone,
        chosen.learning or Settings(),
    )
    held_out, cutoffs = origins_of(histories, recipe.horizon_days)
    check_reach(histories, cutoffs[-1])
    known = histories.before(held_out)
    print_ = fingerprint(histories)
    study = study_name(print_, recipe, cutoffs)
    loss = objective(known, recipe, cutoffs)
    search = Search(loss, place.path / STUDIES, study, recipe.learning)
    if search.trials:
        progress(f"going on with study {study}: {len(search.trials)} trials so far")
    facts = {"data_fingerprint": print_, "cutoffs": ", ".join(map(str, cutoffs)), "held_out_cutoff": str(held_out)}
    run_id = open_study(study, facts, tracking_uri=place.tracking_uri, artifacts=place.artifacts)

    def tried(trial: Trial) -> None:
        log_trial(run_id, trial, tracking_uri=place.tracking_uri)
        progress(f"trial {trial.number}: {trial.loss:.4f} by {trial.learning.to_dict() or 'the defaults'}")

    try:
        search.run(seconds=minutes * 60, most=trials, reserve=1.0, tried=tried)
    except BaseException:
        leave_study(run_id, tracking_uri=place.tracking_uri)
        raise
    best = search.best
    tries = counted(len(search.trials), "setting")
    click.echo(f"{tries} tried at {', '.join(map(str, cutoffs))}; the least loss is {best.loss:.4f}")
    verdict = judge(histories, recipe, best.learning, held_out) if best.learning != recipe.learning else None
    kept = verdict is not None and verdict.kept
    section = as_section(best.learning) if kept else ""
    close_study(run_id, best, verdict, section, tracking_uri=place.tracking_uri)
    if verdict is None:
        click.echo("nothing was better than what is in force")
        return
    click.echo(f"on {held_out}, which the search has not seen, it changes the loss by {verdict.change}")
    if not kept:
        click.echo("not kept: that is not below 0 with its whole interval")
        return
    path = place.path / SECTION
    write_section(path, section)
    click.echo(f"kept: copy this into {FILE}; it is in {path} too\n\n{section}")


def as_section(learning: Learning) -> str:
    """Settings as the section that ``tiercast.yaml`` takes."""
    import yaml

    return str(yaml.safe_dump({"learning": learning.to_dict()}, sort_keys=False))


def write_section(path: Path, section: str) -> None:
    """Write the section to a file, whole or not at all."""
    from features.files import written_whole

    with written_whole(path) as partial:
        partial.write_text(section, encoding="utf-8")
