"""``tiercast ablate``: what features are worth at past cutoffs."""

from __future__ import annotations

from pathlib import Path

import click

from features.errors import ConfigError
from features.files import check_table_path, write_table, written_whole
from serving.commands.base import horizon_days, read
from serving.commands.options import log_options, model_options, progress
from training.config import Config


@click.command("ablate")
@log_options
@model_options
@click.option("--cutoff", "cutoffs", multiple=True, required=True, metavar="DATE", help="A day to forecast at; repeatable.")
@click.option("--feature", "names", multiple=True, metavar="NAME", help="Try single features, not families; repeatable.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the effects here (.parquet or .csv).")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the intervals here (.png).")
def command(
    chosen: Config,
    cutoffs: tuple[str, ...],
    names: tuple[str, ...],
    out: Path | None,
    plot: Path | None,
) -> None:
    """Leave each family of features out, put in each family's features that are off, and train and score anew.

    The reference is the default set, or what the settings name. All columns of the log are read. Prints the changes of
    log loss and AUC with paired 95 % bootstrap intervals over members. A run that was stopped begins from the start.
    """
    from features.registry import available, columns_of, registered
    from features.snapshot import parse_date
    from training.ablation import run_ablation

    check_table_path(out, "effects")
    if plot is not None and plot.suffix != ".png":
        raise ConfigError("intervals are drawn to a .png file", repr(str(plot)), "name one")
    rules = chosen.load_policy()
    dates = [parse_date(cutoff) for cutoff in cutoffs]
    own = chosen.own_features()
    histories = read(chosen, progress, columns_of((*registered(), *own)))
    there = available(histories.columns, policy=rules is not None, events=bool(histories.events))
    ablation = run_ablation(
        histories,
        dates,
        horizon_days=horizon_days(chosen, histories, progress, min(dates)),
        lookback_days=chosen.lookback_days,
        policy=rules,
        features=chosen.choose_features(histories.columns, events=bool(histories.events)),
        others=(*there, *own),
        names=names,
        say=progress,
    )
    click.echo(ablation.to_text())
    if out is not None:
        write_table(ablation.to_pandas(), out)
        click.echo(f"\nthe effects are in {out}")
    if plot is not None:
        from training.plots import effects

        with written_whole(plot) as partial:
            effects(ablation).savefig(partial, format="png", dpi=150)
        click.echo(f"\nthe intervals are in {plot}")
