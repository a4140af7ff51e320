"""``tiercast watch``: scoring runs beside the training, and how they turned out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from pydantic import ValidationError

from features.errors import ConfigError, NoModelError, NotFoundError, TiercastError
from features.files import written_whole
from serving.commands.base import read, read_counted
from serving.commands.options import home_option, log_options, progress, table_options
from serving.settings import Home, home
from serving.watch.verdicts import alerts, look
from training.config import Config
from training.watching import Thresholds

if TYPE_CHECKING:
    from features.histories import Histories
    from serving.watch.runs import Run
    from serving.watch.verdicts import Seen
    from training.reference import Reference

EXIT_ALERT: Final = 6


def _threshold(name: str, text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """An option that says more than the settings, where it is given."""
    default = getattr(Thresholds(), name)
    kind = click.IntRange(1) if isinstance(default, int) else click.FloatRange(0.0)
    return click.option(f"--{name}", type=kind, help=f"{text} [default: that of the settings, else {default:g}]")


@click.command("watch")
@log_options
@table_options
@click.option("--last", type=click.IntRange(1), default=24, show_default=True, help="Newest runs to show.")
@_threshold("times", "Times its usual movement that a quantity may lie from the training.")
@_threshold("inputs", "Inputs past it that alert.")
@_threshold("refused", "Rise of the share of refused rows.")
@_threshold("auc", "Loss of AUC, by its whole interval.")
@_threshold("off", "Mean p_churn less the share that left.")
@_threshold("tier", "Rise of the next tier's log loss, by its whole interval.")
@_threshold("spend", "Spend forecast off spend that came, as a share.")
@click.option("--again", is_flag=True, help="Judge runs that are judged already once more, by the log as it is now.")
@click.option("--make-reference", is_flag=True, help="Make the reference of a model without one, from its training log.")
@click.option("--model", help="The model that --make-reference is for. [default: that of the newest run, else the champion]")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw it here (.png).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--mlflow/--no-mlflow", "track", default=True, show_default=True, help="Log the figures to MLflow.")
@home_option
def command(
    chosen: Config,
    last: int,
    again: bool,
    make_reference: bool,
    model: str | None,
    plot: Path | None,
    as_json: bool,
    track: bool,
    home_path: Path | None,
    **given: Any,
) -> None:
    """Compare scoring runs with their model's training, and judge those whose horizon is over by what happened.

    'tiercast score' leaves what is compared and judged in the home. Exits with 6 where the newest run, or the newest that is
    judged, is past a threshold.
    """
    from serving.watch.kept import read_runs
    from serving.watch.references import find_reference
    from serving.watch.wording import to_dict, to_text

    if plot is not None and plot.suffix != ".png":
        raise ConfigError("a picture goes to a .png file", repr(str(plot)), "name one")
    allowed = _allowed(chosen.watch, given)
    place = home(home_path)
    runs = read_runs(place.path)
    if make_reference:
        _make(place, chosen, model or (runs[-1].version if runs else None))
        return
    if not runs:
        raise NotFoundError("scoring runs are watched", f"none in {place.path}", "run 'tiercast score' first")
    runs, waiting = _judged(place, chosen, runs[-last:], again=again)
    references = {version: find_reference(place, version) for version in {run.version for run in runs}}
    seen = look(runs, references, allowed)
    found = alerts(seen)
    if as_json:
        click.echo(json.dumps(to_dict(seen, waiting), indent=1, allow_nan=False))
    else:
        click.echo(to_text(seen, references, waiting))
    try:
        if plot is not None:
            _draw(seen, references, plot)
        if track:
            _track(place, seen)
    except (TiercastError, OSError) as error:
        if not found:
            raise
        progress(str(error))  # an alert is heard though the picture cannot be written, or MLflow is away
    if found:
        click.get_current_context().exit(EXIT_ALERT)


def _allowed(settings: Thresholds, given: Mapping[str, Any]) -> Thresholds:
    """The settings with what the command line says on top."""
    said = {name: value for name, value in given.items() if value is not None}
    try:
        return Thresholds.model_validate({**settings.model_dump(), **said})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = first["loc"][0]
        raise ConfigError(
            f"--{name} {first['msg'].removeprefix('Input ')}", repr(first["input"]), f"change --{name}"
        ) from None


def _draw(seen: Sequence[Seen], references: Mapping[str, Reference | None], plot: Path) -> None:
    from serving.watch.plots import watched

    _save(watched(seen, references), plot)
    progress(f"the picture is {plot}")


def _track(place: Home, seen: Sequence[Seen]) -> None:
    from serving.watch.kept import write_run
    from serving.watch.tracking import log_watch

    for run in log_watch(seen, tracking_uri=place.tracking_uri, artifacts=place.artifacts):
        write_run(place.path, run)


def _judged(place: Home, chosen: Config, runs: Sequence[Run], *, again: bool) -> tuple[list[Run], str | None]:
    """Runs, judged where that can be done, and kept so; and which cannot be judged yet, or why none is."""
    from serving.privacy.pseudonyms import erasure_secret
    from serving.privacy.pseudonyms import mark as pseudonym
    from serving.watch.judging import can_judge, judge
    from serving.watch.kept import write_run
    from serving.watch.told import read_told
    from training.artifact import load, to_forecaster

    todo = [run for run in runs if run.members and (again or run.outcome is None)]
    gone = {run.version for run in todo if not (place.models / run.version).is_dir()}
    todo = [run for run in todo if run.version not in gone]
    if not todo:
        return list(
            runs
        ), f"not judged: models that are not in the home any more: {', '.join(sorted(gone))}" if gone else None
    first = min(run.due for run in todo)
    if chosen.transactions is None:
        return list(runs), f"not judged: no log is named (--transactions); the first could be judged on {first}"
    forecasters = {version: to_forecaster(load(place.models / version)) for version in {run.version for run in todo}}
    histories = _read(chosen, forecasters)
    secret, done = erasure_secret(place.path), {}
    for run in todo:
        told = read_told(place.path, run.version, run.as_of)
        if told is not None and can_judge(run, histories):
            settings = forecasters[run.version].settings
            progress(f"judging the run of {run.as_of}")
            outcome = judge(run, told, settings, histories, lambda key: pseudonym(secret, key))
            done[run.version, run.as_of] = replace(run, outcome=outcome, logged=tuple(set(run.logged) - {"judged"}))
    for run in done.values():
        write_run(place.path, run)
    after = [done.get((run.version, run.as_of), run) for run in runs]
    young = [run for run in after if run.outcome is None and run.members and run.version not in gone]
    return after, _waiting(young, histories) if young else None


def _waiting(young: Sequence[Run], histories: Histories) -> str:
    first, end = min(young, key=lambda run: run.due), histories.span[1]
    whom = "the run" if len(young) == 1 else f"{len(young)} runs, the first"
    if first.due <= end:
        return f"not judged: {whom} of {first.as_of}: what was forecast of members is not kept any more"
    return (
        f"too young to be judged: {whom} of {first.as_of} can be judged on {first.due}, "
        f"when its {first.horizon_days} days are over; the log ends before {end}"
    )


def _read(chosen: Config, forecasters: dict[str, Any]) -> Histories:
    columns = frozenset[str]().union(*(forecaster.columns for forecaster in forecasters.values()))
    histories = read(chosen, progress, columns)
    zones = {forecaster.settings.time_zone for forecaster in forecasters.values()}
    if zones != {histories.time_zone}:
        raise ConfigError(
            "runs are judged by days of the time zone that they were forecast in",
            f"days of {histories.time_zone}, for {', '.join(sorted(zones))}",
            f"set time_zone: {min(zones)}",
        )
    return histories


def _make(place: Home, chosen: Config, version: str | None) -> None:
    from serving.watch.references import remake
    from training.artifact import load, to_forecaster

    if version is None:
        from training.mlflow_adapter import fetch

        version = fetch("champion", tracking_uri=place.tracking_uri, models=place.models)
    if not (place.models / version).is_dir():
        fix = "score with it once, or name another with --model"
        raise NoModelError("a reference is made for a model in the home", f"none of version {version!r}", fix)
    base = read_counted(chosen, progress, to_forecaster(load(place.models / version)).columns)
    reference = remake(place, version, base.histories, {**base.refused, "rows": base.rows})
    click.echo(
        f"model {version}: {len(reference.quantities)} quantities at {len(reference.dates)} dates up to {reference.as_of}"
    )


def _save(figure: Any, path: Path) -> None:
    import matplotlib.pyplot as plt

    with written_whole(path) as partial:
        figure.savefig(partial, dpi=110, format="png")
    plt.close(figure)
