"""``tiercast check``: what of a log can be used, and what cannot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from features.engine import write
from features.errors import ConfigError, UnusableLogError, counted
from features.files import written_whole
from serving.commands.options import log_options, reading
from training.config import AUTO, Config

if TYPE_CHECKING:
    from typing import Any

    from features.verdicts import Checked


@click.command("check")
@click.argument("data", required=False)
@log_options
@click.option("--quarantine", type=click.Path(path_type=Path), help="Write the refused rows here (.parquet or .csv).")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the curve that a horizon is chosen by here (.png).")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    chosen: Config,
    data: str | None,
    quarantine: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Report what a transaction log is good for; with ``horizon_days: auto``, which horizon it gives, too.

    Exits with 2 after the report where no row can be used.

    DATA is a CSV or Parquet file, a glob in quotes, or the URL of a table (docs/engines.md).
    """
    import json

    from features.usability import report
    from features.verdicts import check

    source = data or chosen.transactions
    if source is None:
        raise ConfigError("a log is named", "none", "write 'tiercast check DATA'")
    if quarantine is not None and quarantine.suffix not in (".parquet", ".csv"):
        raise ConfigError("a quarantine is a .parquet or .csv file", repr(str(quarantine)), "name one")
    if plot is not None and plot.suffix != ".png":
        raise ConfigError("a curve is drawn to a .png file", repr(str(plot)), "name one")
    checked = check(source, chosen.columns, **reading(chosen))
    summary = report(checked)
    plain, text = summary.to_dict(), summary.to_text()
    if chosen.horizon_days == AUTO or plot is not None:
        found, said = horizon_found(checked, chosen, plot)
        plain, text = {**plain, "horizon": found}, f"{text}\n\n{said}"
    click.echo(json.dumps(plain, indent=1) if as_json else text)
    if quarantine is not None:
        write_quarantine(checked, quarantine)
        click.echo(f"{sum(summary.refused.values()):,} refused rows are in {quarantine}", err=True)
    if not summary.usable_rows:
        got = f"none of {counted(summary.rows, 'row')}"
        fix = "mend what the report says of the refused rows, or map other columns"
        if summary.hints:
            fix = "; ".join(summary.hints)
        raise UnusableLogError("a log has usable rows", got, fix)


def horizon_found(checked: Checked, chosen: Config, plot: Path | None = None) -> tuple[dict[str, Any], str]:
    """The horizon that the whole log gives, or why it gives none, as plain values and as text, with the curve; drawn too."""
    from features.reading import from_log
    from training.horizon import choose_horizon, known_silences

    most, of = chosen.came_back_share, chosen.came_back_of
    try:
        histories = from_log(checked, ())
    except UnusableLogError as error:
        return {"horizon_days": None, "why": str(error), "curve": []}, f"no horizon: {error}"
    as_of = histories.span[1]
    curve = known_silences(histories, as_of)
    days = None
    try:
        horizon = choose_horizon(histories, as_of, most, of)
    except UnusableLogError as error:
        why = {"came_back_share": most, "came_back_of": of, "why": str(error)}
        plain, said = {"horizon_days": None, **why, "curve": curve.to_rows(of)}, f"no horizon: {error}"
    else:
        days, plain, said = horizon.days, horizon.to_dict(), horizon.to_text()
    if plot is not None:
        from training.horizon_plot import draw_horizon

        draw_horizon(curve, most, of, days, plot)
    return plain, f"{said}\n{curve.to_table(of, days)}"


def write_quarantine(checked: Checked, path: Path) -> None:
    """Write the refused rows with their reasons, whole or not at all."""
    with written_whole(path) as partial:
        write(checked.quarantine, partial, path.suffix)
