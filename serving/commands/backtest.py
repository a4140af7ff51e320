"""``tiercast backtest``: honest figures at past cutoffs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from features.files import written_whole
from serving.commands.options import log_options, model_options, progress, read, table_options
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
    from features.errors import ConfigError
    from features.snapshot import parse_date
    from training.backtest import run_backtest
    from training.scoreboard import scores, to_text

    if out is not None and out.suffix not in (".parquet", ".csv"):
        raise ConfigError("predictions go to a .parquet or .csv file", repr(str(out)), "name one")
    rules = chosen.load_policy()
    dates = [parse_date(cutoff) for cutoff in cutoffs]
    origins = run_backtest(
        read(chosen, progress),
        dates,
        horizon_days=chosen.horizon_days,
        lookback_days=chosen.lookback_days,
        policy=rules,
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
    with written_whole(path) as partial:
        if path.suffix == ".parquet":
            frame.to_parquet(partial, index=False)
        else:
            frame.to_csv(partial, index=False)
