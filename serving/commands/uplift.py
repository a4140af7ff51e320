"""``tiercast uplift``: who is moved by an action, from any table of a randomised campaign."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from features.errors import ConfigError, listed
from features.files import check_table_path, write_table
from serving.commands.options import progress

if TYPE_CHECKING:
    from features.operators import Floats
    from retention.trial.table import TrialTable
    from retention.uplift.policies import Money

_ID: Final = "customer_id"


@click.command("uplift")
@click.option("--table", required=True, type=click.Path(path_type=Path), help="One row a member, CSV or Parquet.")
@click.option("--arm", required=True, help="Column of the arm: two arms or more, of any sizes.")
@click.option("--control", help="The arm that was left alone. [default: the one called control or hold-out, or 0]")
@click.option("--outcome", required=True, help="Column of what came of it: a number, or yes and no.")
@click.option("--spend", help="Column of a second outcome, in money.")
@click.option("--covariates", help="Columns of what was known before, with commas. [default: all others but dates]")
@click.option("--member", help=f"Column of ids. [default: {_ID}, if there is one]")
@click.option("--strata", help="Column within which arms were drawn, such as the tier.")
@click.option("--value", help="Money for a unit of the outcome: a number, or a covariate with one a member.")
@click.option("--cost", "costs", multiple=True, metavar="ARM=MONEY", help="Of treating one member. [default: 0]")
@click.option("--at-most", type=float, default=1.0, help="Share of members that can be treated. [default: 1]")
@click.option("--risk", help="Covariate: how likely a member is to leave. Choosing by it is shown beside.")
@click.option("--members", type=click.Path(path_type=Path), help="Others to be told of, with the same covariates.")
@click.option("--out", type=click.Path(path_type=Path), help="Write gains by member and action here (.parquet or .csv).")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the Qini curves here (.png).")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=1,
    show_default=True,
    help="Of whom is held out, and of the forests.",
)
@click.option("--json", "as_json", is_flag=True, help="Print plain values as JSON.")
def command(
    table: Path,
    arm: str,
    control: str | None,
    outcome: str,
    spend: str | None,
    covariates: str | None,
    member: str | None,
    strata: str | None,
    value: str | None,
    costs: tuple[str, ...],
    at_most: float,
    risk: str | None,
    members: Path | None,
    out: Path | None,
    plot: Path | None,
    seed: int,
    as_json: bool,
) -> None:
    """Learn who is moved by each arm of a randomised campaign, and say whether that beats one effect for all.

    With --value and --cost it is judged in money, otherwise by the Qini coefficient; on members held out either way.
    """
    from retention.trial.reading import read_trial
    from retention.uplift.encoding import Encoding
    from retention.uplift.gains import to_frame
    from retention.uplift.learnt import learn
    from retention.uplift.members import column_names, read_members
    from retention.uplift.moved import reasons
    from retention.uplift.told import to_dict, to_text

    check_table_path(out, "gains")
    if plot is not None and plot.suffix != ".png":
        raise ConfigError("a picture goes to a .png file", repr(str(plot)), "name one")
    outcomes = [outcome] if spend is None else [outcome, spend]
    named = None if covariates is None else [name.strip() for name in covariates.split(",") if name.strip()]
    there = column_names(table)
    member = member or (_ID if _ID in there else None)
    if members is not None and (member is None or out is None):
        rule = "members to be told of have ids, and the gains a file"
        raise ConfigError(rule, "no --member" if member is None else "no --out", "name it")
    used = named if named is not None else [name for name in there if name not in (arm, member, *outcomes)]
    trial = read_trial(table, arm=arm, control=control, outcomes=outcomes, covariates=used, member=member, strata=strata)
    idle = Encoding.of(trial.covariates).constant
    progress(f"known before: {', '.join(name for name in used if name not in idle)}")
    if idle:
        progress(f"left out, as it tells nobody apart: {', '.join(idle)}")
    money = _money(trial, value, costs, at_most)
    at_risk = None if risk is None else _column(trial, risk, "--risk")
    learnt = {"return": learn(trial, outcome, money=money, risk=at_risk, seed=seed, progress=progress)}
    if spend is not None:
        learnt["spend"] = learn(trial, spend, seed=seed, progress=progress)
    told = [(uplift, {of.name: reasons(of, trial) for of in uplift.arms}) for uplift in learnt.values()]
    if as_json:
        click.echo(json.dumps([to_dict(uplift, why) for uplift, why in told], indent=1, allow_nan=False, ensure_ascii=False))
    else:
        click.echo("\n\n".join(to_text(uplift, why) for uplift, why in told))
    if out is not None:
        others = None if members is None else read_members(members, str(member), used)
        frame = to_frame(learnt, trial, others)
        write_table(frame, out)
        click.echo(f"{len(frame):,} gains are in {out}", err=True)
    if plot is not None:
        from retention.uplift.qini_plot import draw_qini

        draw_qini(list(learnt.values()), plot)
        click.echo(f"the picture is {plot}", err=True)


def _money(trial: TrialTable, value: str | None, costs: Sequence[str], at_most: float) -> Money | None:
    """What outcomes and arms are worth; None where no value is given."""
    from retention.uplift.policies import Money

    if value is None:
        if costs or at_most != 1.0:
            got = "--cost" if costs else "--at-most"
            raise ConfigError("costs are weighed against what an outcome is worth", f"{got} without --value", "add --value")
        return None
    given: dict[str, float] = {}
    for pair in costs:
        name, _, cost = pair.rpartition("=")
        if name not in trial.treatments or name in given:
            raise ConfigError("each cost is of one treated arm", repr(pair), f"arms are {listed(trial.treatments)}")
        given[name] = _number(cost, "--cost")
    try:
        each: float | None = float(value)
    except ValueError:
        each = None
    worth = _column(trial, value, "--value") if each is None else each
    return Money(worth, tuple(given.get(name, 0.0) for name in trial.treatments), at_most)


def _column(trial: TrialTable, name: str, option: str) -> Floats:
    """(n,) a covariate in numbers."""
    values = trial.covariates.get(name)
    if values is None or values.dtype.kind in "OU":
        got = f"{name!r}, which is {'text' if values is not None else 'none of them'}"
        raise ConfigError(f"{option} names a covariate in numbers", got, f"one of {listed(list(trial.covariates))}")
    return values


def _number(text: str, option: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"{option} is a number", repr(text), "write it as mail=0.50") from None
