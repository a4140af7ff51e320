"""``tiercast plan``: who gets which action, or whom to call first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from features.errors import ConfigError
from features.files import write_table
from serving.commands.checked_log import checked_events, checked_members
from serving.commands.options import home_option, pairs, progress, settings, table_options
from serving.settings import home
from training.config import FILE, Config

if TYPE_CHECKING:
    import pandas as pd

    from retention.plan.audience import Audience
    from retention.plan.catalogue import Catalogue
    from retention.plan.gains import Points


@click.command("plan")
@click.option("--actions", type=click.Path(path_type=Path), help="Catalogue of actions, budgets and hold-out (.yaml).")
@click.option(
    "--forecasts", type=click.Path(path_type=Path), help="What 'score' wrote. [default: forecasts.parquet in the home]"
)
@click.option("--uplift", type=click.Path(path_type=Path), help="Gains by member and action, from 'uplift --out'.")
@click.option("--config", type=click.Path(path_type=Path), help=f"Settings. [default: {FILE}, if there is one]")
@table_options
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the words.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the assignment's files. [default: the home]")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw it here (.png).")
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON instead of words.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="Without --actions: members to print.")
@click.option(
    "--p-churn-to",
    type=click.FloatRange(0.0, 1.0),
    help="Without --actions: leave out whoever is likelier to leave than this, as gone already.",
)
@home_option
def command(
    actions: Path | None,
    forecasts: Path | None,
    uplift: Path | None,
    config: Path | None,
    events: str | None,
    members: str | None,
    event_columns: tuple[str, ...],
    member_columns: tuple[str, ...],
    language: str,
    out: Path | None,
    plot: Path | None,
    as_json: bool,
    top: int,
    p_churn_to: float | None,
    home_path: Path | None,
) -> None:
    """Give members the actions that save most within the budgets, and keep a random hold-out back to measure the effect.

    Writes plan-CAMPAIGN.parquet and .csv: one row a member who gets an action, is kept back, or is not chosen. Nobody is
    contacted without consent. Without --actions: members ranked by value at risk.
    """
    from retention.plan.audience import audience_of, read_forecasts
    from retention.plan.catalogue import Catalogue

    if plot is not None and plot.suffix != ".png":
        raise ConfigError("a picture goes to a .png file", repr(str(plot)), "name one")
    place = home(home_path)
    catalogue = Catalogue.from_yaml(actions) if actions is not None else None
    audience = audience_of(read_forecasts(forecasts or place.path / "forecasts.parquet"))
    if catalogue is None:
        if plot is not None:
            raise ConfigError("a picture is of a catalogue's plan", "--plot without --actions", "name the catalogue")
        if uplift is not None:
            raise ConfigError("gains are of a catalogue's actions", "--uplift without --actions", "name the catalogue")
        _ranked(audience, language, out, top, 1.0 if p_churn_to is None else p_churn_to, as_json=as_json)
        return
    if p_churn_to is not None:
        fix = "write who: {p_churn: {to: 0.95}} to the actions"
        raise ConfigError("a catalogue says by itself who may get an action", "--p-churn-to with --actions", fix)
    tables = {
        "events": {"path": events, "columns": pairs(event_columns, "--map-event")},
        "members": {"path": members, "columns": pairs(member_columns, "--map-member")},
    }
    audience = with_tables(audience, catalogue, settings(config, (), **tables))
    given = {} if uplift is None else measured_gains(uplift, audience, catalogue)
    _planned(audience, catalogue, given, place.path, language, out or place.path, plot, as_json=as_json)


def measured_gains(path: Path, audience: Audience, catalogue: Catalogue) -> dict[str, Points]:
    """Points of return probability by action, in place of the catalogue's one effect for all."""
    from retention.uplift.given import read_gains

    given, absent = read_gains(path, audience.ids, [action.id for action in catalogue.actions])
    of = f"{', '.join(given)}: gains of single members from {path}"
    progress(f"{of}; the mean for {absent:,} who are not in it" if absent else of)
    return given


def with_tables(audience: Audience, catalogue: Catalogue, chosen: Config) -> Audience:
    """The audience with consent of the member table and contacts of the event log, where these are named.

    Raises
    ------
    ConfigError
        the catalogue limits contacts, and there is no event log
    """
    if chosen.members is not None:
        members = checked_members(chosen.members, chosen, progress)
        for clause in members.refusals("row", " of the member table"):
            progress(f"refused {clause}")
        audience = audience.with_consent(members.folded)
    if chosen.events is not None:
        events = checked_events(chosen.events, chosen, progress)
        for clause in events.refusals("event"):
            progress(f"refused {clause}")
        return audience.with_contacts(events.folded, catalogue.pressure)
    if catalogue.pressure is not None or any(action.who.since_contact_days for action in catalogue.actions):
        fix = "name the event log (--events), or take out 'pressure' and 'since_contact_days'"
        raise ConfigError("a limit of contacts is held against an event log", "none", fix)
    return audience


def _planned(
    audience: Audience,
    catalogue: Catalogue,
    given: dict[str, Points],
    place: Path,
    language: str,
    out: Path,
    plot: Path | None,
    *,
    as_json: bool,
) -> None:
    from retention.plan.assignment import assigned
    from retention.plan.plan import make_plan
    from retention.plan.plan_text import to_text
    from retention.plan.summary import to_json
    from serving.privacy.pseudonyms import plan_secret

    plan = make_plan(catalogue, audience, plan_secret(place), given, say=progress)
    paths = _written(assigned(plan, language), out, f"plan-{catalogue.campaign}")
    if plot is not None:
        from retention.plan.plan_plot import draw_plan

        draw_plan(plan, plot)
        progress(f"the picture is {plot}")
    for path in paths:
        progress(str(path))
    click.echo(_as_json(to_json(plan)) if as_json else to_text(plan, language))


def _ranked(audience: Audience, language: str, out: Path | None, top: int, p_churn_to: float, *, as_json: bool) -> None:
    from retention.plan.ranking import to_frame, to_text

    frame = to_frame(audience, p_churn_to)
    if out is not None:
        for path in _written(frame, out, "plan"):
            progress(str(path))
    if as_json:
        first = frame.head(top)
        first = first.assign(as_of=first.as_of.astype(str))
        click.echo(_as_json(first.astype(object).where(first.notna(), None).to_dict("records")))
    else:
        click.echo(to_text(audience, top, language, p_churn_to))


def _written(frame: pd.DataFrame, out: Path, name: str) -> list[Path]:
    paths = [out / f"{name}{suffix}" for suffix in (".parquet", ".csv")]
    for path in paths:
        write_table(frame, path)
    return paths


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False)
