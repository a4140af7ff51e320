"""``tiercast backtest``: honest figures at past cutoffs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from features.files import check_table_path, write_table
from serving.commands.options import horizon_days, log_options, model_options, progress, read, table_options
from training.config import Config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.backtest import Origin


@click.command("backtest")
@log_options
@table_options
@model_options
@click.option("--cutoff", "cutoffs", multiple=True, required=True, metavar="DATE", help="A day to forecast at; repeatable.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the predictions here (.parquet or .csv).")
def command(
    chosen: Config,
    cutoffs: tuple[str, ...],
    out: Path | None,
) -> None:
    """Forecast each cutoff from what was known then, and score it where the outcome is known.

    Prints the metrics with 95 % bootstrap intervals over members, beside the baselines'.
    """
    from features.snapshot import parse_date
    from training.backtest import run_backtest
    from training.scoreboard import scores, to_text

    check_table_path(out, "predictions")
    rules = chosen.load_policy()
    dates = [parse_date(cutoff) for cutoff in cutoffs]
    histories = read(chosen, progress)
    origins = run_backtest(
        histories,
        dates,
        horizon_days=horizon_days(chosen, histories, progress, min(dates)),
        lookback_days=chosen.lookback_days,
        policy=rules,
        features=chosen.choose_features(histories.columns, events=bool(histories.events)),
        say=progress,
    )
    if out is not None:
        write_predictions(origins, out)
    click.echo(to_text(scores(origins)))
    for origin in origins:
        if origin.labels is None:
            click.echo(f"\ncutoff {origin.cutoff}: forecast, not scored: its horizon ends after the log")
    if out is not None:
        click.echo(f"\n{sum(len(origin.forecasts.table) for origin in origins):,} predictions are in {out}")


def write_predictions(origins: Sequence[Origin], path: Path) -> None:
    """Write every origin's predictions, whole or not at all."""
    import pandas as pd

    frame = pd.concat([origin.to_pandas() for origin in origins], ignore_index=True)
    write_table(frame, path)
