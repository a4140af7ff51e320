"""``tiercast backtest``: honest figures at past cutoffs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from features.errors import ConfigError
from features.files import check_table_path, write_table, written_whole
from serving.commands.base import horizon_days, read
from serving.commands.options import log_options, model_options, progress, table_options
from training.config import Config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from features.histories import Histories
    from training.backtest import Origin
    from training.proof import Proof


@click.command("backtest")
@log_options
@table_options
@model_options
@click.option(
    "--cutoff",
    "cutoffs",
    multiple=True,
    metavar="DATE",
    help="A day to forecast at; repeatable. [default: newest that are over]",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the predictions here (.parquet or .csv).")
@click.option("--report", type=click.Path(path_type=Path), help="Write a page with all figures and pictures here (.html).")
@click.option("--plots", type=click.Path(path_type=Path), help="Write the pictures into this folder, as PNG.")
@click.option("--metrics", type=click.Path(path_type=Path), help="Write all figures here, as records (.json).")
def command(
    chosen: Config,
    cutoffs: tuple[str, ...],
    out: Path | None,
    report: Path | None,
    plots: Path | None,
    metrics: Path | None,
) -> None:
    """Forecast each cutoff from what was known then, and score it where the outcome is known.

    Prints a grade in words and the main metrics with 95 % bootstrap intervals over members, beside the baselines'. Without
    --cutoff, up to three cutoffs a horizon apart are chosen, the newest whose horizon the log covers.
    """
    from features.snapshot import parse_date
    from training.backtest import run_backtest
    from training.learning import DEFAULTS
    from training.origins import newest_cutoffs
    from training.proof import Proof
    from training.scoreboard import LEGEND

    check_table_path(out, "predictions")
    _check_paths(report, plots, metrics)
    rules = chosen.load_policy()
    dates = [parse_date(cutoff) for cutoff in cutoffs]
    histories = read(chosen, progress)
    first, end = histories.span
    # As known then: by the first cutoff, or, where cutoffs follow from the horizon, by what two thirds of the log knew.
    days = horizon_days(chosen, histories, progress, min(dates, default=first + (end - first) * 2 // 3))
    spans: Any = {"horizon_days": days, "lookback_days": chosen.lookback_days}
    if not dates:
        dates = newest_cutoffs(histories, **spans)
        progress(f"cutoffs, the newest whose horizon is over: {', '.join(map(str, dates))}")
    origins = run_backtest(
        histories,
        dates,
        **spans,
        learning=chosen.learning or DEFAULTS,
        policy=rules,
        features=chosen.choose_features(histories.columns, events=bool(histories.events)),
        say=progress,
    )
    proof = Proof.of(origins, chosen.standing)
    made = _made(proof, facts(histories, origins, chosen), report, plots, metrics)
    if out is not None:
        write_predictions(origins, out)
    for path, content in made.items():
        with written_whole(path) as partial:
            partial.write_bytes(content)
    click.echo(proof.to_text() + (f"\n\n{LEGEND}" if proof.scores else ""))
    for origin in origins:
        if origin.labels is None:
            click.echo(f"\ncutoff {origin.cutoff}: forecast, not scored: its horizon ends after the log")
    if out is not None:
        click.echo(f"\n{sum(len(origin.forecasts.table) for origin in origins):,} predictions are in {out}")
    for what, place in (("the report is", report), ("the pictures are", plots), ("all figures are", metrics)):
        if place is not None:
            click.echo(f"{what} in {place}")


def write_predictions(origins: Sequence[Origin], path: Path) -> None:
    """Write every origin's predictions, whole or not at all."""
    import pandas as pd

    frame = pd.concat([origin.to_pandas() for origin in origins], ignore_index=True)
    write_table(frame, path)


def facts(histories: Histories, origins: Sequence[Origin], chosen: Config) -> dict[str, str]:
    """What was tested, in words, for the report's head; no member is in it."""
    first, end = histories.span
    policy, days = origins[0].forecasts.table.policy, origins[0].forecasts.table.panel.horizon_days
    rows = sum(len(origin.forecasts.table) for origin in origins)
    found = {} if policy is None else {"programme": policy.programme, "policy version": str(policy.version)}
    return found | {
        "log": f"{len(histories):,} members, {len(histories.visits.day):,} shopping days, {first} to {end}",
        "cutoffs": ", ".join(f"{origin.cutoff}{'' if origin.labels else ' (not over yet)'}" for origin in origins),
        "forecast": f"{rows:,} forecasts of members with a purchase in the {chosen.lookback_days} days before a cutoff",
        "horizon": f"{days} days: who buys nothing in them has left",
    }


def _check_paths(report: Path | None, plots: Path | None, metrics: Path | None) -> None:
    """Refuse what could not be written, before any work."""
    for path, what, suffix in ((report, "a report goes", ".html"), (metrics, "figures go", ".json")):
        if path is not None and path.suffix != suffix:
            raise ConfigError(f"{what} to a {suffix} file", repr(str(path)), "name one")
    if plots is not None and plots.exists() and not plots.is_dir():
        raise ConfigError("pictures go to a folder", repr(str(plots)), "name one")


def _made(
    proof: Proof, said: dict[str, str], report: Path | None, plots: Path | None, metrics: Path | None
) -> dict[Path, bytes]:
    """What was asked for, by path: all of it is made before any of it is written."""
    from training.report import to_html

    pictures = proof.pictures() if report is not None or plots is not None else {}
    made: dict[Path, bytes] = {}
    if plots is not None:
        made |= {plots / f"{name}.png": png for name, png in pictures.items()}
    if report is not None:
        made[report] = to_html(proof, said, pictures).encode()
    if metrics is not None:
        made[metrics] = json.dumps(proof.to_records(), indent=1, allow_nan=False).encode()
    return made
