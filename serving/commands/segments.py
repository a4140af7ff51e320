"""``tiercast segments``: the base by tier, ladder stage and frequency class."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from features.errors import ConfigError
from features.files import written_whole
from serving.commands.base import horizon_days, read_base
from serving.commands.options import log_options, policy_options, progress, table_options
from training.config import Config

if TYPE_CHECKING:
    import pandas as pd

    from serving.forecast.wording import Language


@click.command("segments")
@log_options
@policy_options
@table_options
@click.option("--as-of", help="Tabulate from rows before this day. [default: the day after the log's last]")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the words.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the table here, too (.parquet or .csv).")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw it here (.png).")
def command(
    chosen: Config,
    as_of: str | None,
    language: str,
    out: Path | None,
    plot: Path | None,
) -> None:
    """Tabulate the base by tier, ladder stage and frequency class: members, spend, profit and what was returned."""
    from features.membership import near_misses, pace, tiers_held
    from features.segmentation import tabulated, to_frame
    from features.snapshot import parse_date, to_day
    from features.standing import stand
    from features.tiers import gives
    from serving.describing.segments_text import near_line, to_table
    from training.reach import check_reach

    if out is not None and out.suffix not in (".parquet", ".csv"):
        raise ConfigError("a table goes to a .parquet or .csv file", repr(str(out)), "name one")
    if plot is not None and plot.suffix != ".png":
        raise ConfigError("a picture goes to a .png file", repr(str(plot)), "name one")
    policy = chosen.load_policy()
    date = parse_date(as_of, "date") if as_of else None
    base = read_base(chosen, progress)
    date = date or base.histories.span[1]
    check_reach(base.histories, date)
    tiers = tiers_held(base.histories, policy, date) if policy is not None and gives(base.histories, policy) else None
    names = () if policy is None or tiers is None else policy.tier_names
    standing = stand(base.histories.before(date), date, chosen.standing, pace=pace(policy))
    prospects = 0 if base.enrolled is None else int(base.enrolled.prospects.known(to_day(date)).sum())
    segments = tabulated(standing, tiers, prospects)
    words: Language = "zh" if language == "zh" else "en"
    bounds = chosen.standing
    near = None
    if policy is not None and policy.metric is not None and tiers is not None:
        by = date + dt.timedelta(days=horizon_days(chosen, base.histories, progress, date))
        near = near_line(near_misses(base.histories, policy, date, by, bounds), by, bounds.near_share, words)
    click.echo(to_table(segments, names, words))
    if near is not None:
        click.echo(f"\n{near}")
    click.echo(f"\nas of {date}; spend, profit and returns over {bounds.window_days} days", err=True)
    if out is not None:
        write_segments(to_frame(segments, names, words), out)
        click.echo(f"{len(segments)} segments are in {out}", err=True)
    if plot is not None:
        from training.segment_plot import draw_segments

        draw_segments(segments, names, plot)
        click.echo(f"the picture is {plot}", err=True)


def write_segments(frame: pd.DataFrame, path: Path) -> None:
    """Write the table, whole or not at all."""
    with written_whole(path) as partial:
        if path.suffix == ".parquet":
            frame.to_parquet(partial, index=False)
        else:
            frame.to_csv(partial, index=False)
