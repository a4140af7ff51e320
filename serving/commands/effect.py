"""``tiercast effect``: what a campaign changed, from its hold-out; or why that cannot be said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from features.errors import ConfigError
from features.files import check_table_path, write_table
from serving.commands.base import read
from serving.commands.options import log_options, progress
from training.config import Config

if TYPE_CHECKING:
    from retention.effect.campaign import Campaign
    from retention.effect.findings import Findings
    from serving.forecast.wording import Language

EXIT_REFUSED: Final = 5
_SHARES_OFF: Final = 0.01
"""Thirds are written 0.333."""


@click.command("effect")
@click.option("--campaign", "path", type=click.Path(path_type=Path), help="Who was treated and who was held out (plan).")
@log_options
@click.option("--policy", metavar="PATH", help="Tier policy; without one, tiers kept are left out.")
@click.option(
    "--actions",
    type=click.Path(path_type=Path),
    help="The plan's catalogue: margin, and the share held out where the file does not say.",
)
@click.option("--hold-out-share", type=click.FloatRange(0, 1, True, True), help="Meant share; instead of the file's.")
@click.option("--as-of", help="First day of the treatment, where the file does not say.")
@click.option("--horizon-days", "days", type=int, help="Days of the outcome, where the file does not say, or fewer.")
@click.option("--before", is_flag=True, help="Before the outcome: only what differences could be found.")
@click.option("--update", type=click.Path(path_type=Path), help="Write measured effects into this catalogue, as posteriors.")
@click.option("--table", type=click.Path(path_type=Path), help="Instead: any randomised table, a row a member.")
@click.option("--arm", help="Of a table: the column of the arm.")
@click.option("--control", help="Of a table: the arm that was left alone. [default: the one called so, or 0]")
@click.option("--outcome", "outcomes", multiple=True, help="Of a table: a column of what came of it. Several.")
@click.option("--covariate", "covariates", multiple=True, help="Of a table: a column known before. Several.")
@click.option("--member", help="Of a table: the column of ids. [default: rows are members]")
@click.option("--strata", help="Of a table: the column within which arms were drawn.")
@click.option("--by", multiple=True, help="Of a table: a column to tell differences by. Several.")
@click.option("--share", "meant", multiple=True, metavar="ARM=SHARE", help="Of a table: the share meant for an arm. All.")
@click.option("--treated-on", help="Of a table: the column of the day of treatment.")
@click.option("--measured-on", help="Of a table: the column of the outcome's first day.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the words.")
@click.option("--json", "as_json", is_flag=True, help="Print plain values as JSON.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the differences here, too (.parquet or .csv).")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw them here (.png).")
@click.pass_context
def command(
    context: click.Context,
    /,
    chosen: Config,
    path: Path | None,
    table: Path | None,
    language: Language,
    as_json: bool,
    out: Path | None,
    plot: Path | None,
    **given: Any,
) -> None:
    """Compare the treated with the hold-out: who came back, what they spent, whether tiers were kept.

    Checks come first. Where the arms cannot be compared nothing is concluded, the reason is told, and the exit code is 5.
    """
    check_table_path(out, "differences")
    if plot is not None and plot.suffix != ".png":
        raise ConfigError("a picture goes to a .png file", repr(str(plot)), "name one")
    if (path is None) == (table is None):
        got = "neither" if path is None else "both"
        raise ConfigError("a campaign is measured, or a table", got, "pass --campaign FILE, or --table FILE --arm COLUMN")
    if path is None:
        assert table is not None
        said = _of_table(table, given, language)
    else:
        campaign = _campaign(path, given)
        if given["before"]:
            _say_before(chosen, campaign, language)
            return
        said = _of_campaign(chosen, campaign, given, language)
    found = said.found
    click.echo(json.dumps(said.plain, indent=1, allow_nan=False, ensure_ascii=False) if as_json else said.text)
    if out is not None:
        from retention.effect.records import to_frame

        write_table(to_frame(found), out)
        click.echo(f"{len(found.found)} differences are in {out}", err=True)
    if plot is not None:
        from retention.effect.plot import draw_effect

        draw_effect(found, plot)
        click.echo(f"the picture is {plot}", err=True)
    if found.refused:
        context.exit(EXIT_REFUSED)
    if given["update"] is not None:
        _learn(found, given["update"], said.campaign, language, beside=as_json)


@dataclass(frozen=True)
class _Said:
    """Findings, and how they are said in words and as plain values."""

    found: Findings
    text: str
    plain: dict[str, Any]
    campaign: str = ""


def _of_table(path: Path, given: Mapping[str, Any], language: Language) -> _Said:
    from retention.effect.findings import findings
    from retention.effect.records import to_plain
    from retention.trial.dates import check_dates
    from retention.trial.reading import read_texts, read_trial
    from serving.describing.effect_text import to_text

    if given["arm"] is None or not given["outcomes"]:
        got = "none" if given["arm"] is None else "no outcome"
        raise ConfigError("a table has a column of arms, and one of outcomes", got, "pass --arm COLUMN --outcome COLUMN")
    if given["update"] is not None or given["before"]:
        raise ConfigError("--update and --before are about a campaign", "a table", "pass --campaign FILE")
    if (given["treated_on"] is None) != (given["measured_on"] is None):
        got = "one of them alone"
        raise ConfigError("a day of treatment is held against the outcome's", got, "pass --treated-on and --measured-on")
    if given["treated_on"] and given["measured_on"]:
        check_dates(path, given["treated_on"], given["measured_on"])
    columns = {name: given[name] for name in ("arm", "control", "outcomes", "covariates", "member", "strata")}
    trial = read_trial(path, **columns)
    shares = _shares(given["meant"], trial.arm_names)
    meant = None if shares is None else dict.fromkeys(trial.strata_names or ("all",), shares)
    found = findings(trial, shares=meant, slices=read_texts(path, given["by"]))
    return _Said(found, to_text(found, language=language), to_plain(found, table=str(path)))


def _shares(written: Sequence[str], arms: Sequence[str]) -> tuple[float, ...] | None:
    """Shares in the arms' order; None where none are given."""
    if not written:
        return None
    given = {}
    for text in written:
        name, _, share = text.rpartition("=")
        if name.strip() in given:
            raise ConfigError("an arm has one share", f"two of {name.strip()!r}", "give one for each arm")
        try:
            given[name.strip()] = float(share)
        except ValueError:
            raise ConfigError("--share is ARM=SHARE", repr(text), "write it as --share control=0.5") from None
    if set(given) != set(arms) or not all(0 < share <= 1 for share in given.values()):
        got = f"shares of {', '.join(sorted(given))}"
        raise ConfigError("every arm has a share above 0", got, f"give one for each of {', '.join(arms)}")
    if abs(sum(given.values()) - 1.0) > _SHARES_OFF:
        raise ConfigError(
            "shares of all arms add up to 1", f"{sum(given.values()):g}", "give one for each arm, as it was meant"
        )
    return tuple(given[name] for name in arms)


def _campaign(path: Path, given: Mapping[str, Any]) -> Campaign:
    from features.snapshot import parse_date
    from retention.effect.campaign import read_campaign

    as_of = parse_date(given["as_of"], "treatment's first day") if given["as_of"] else None
    return read_campaign(path, as_of=as_of, horizon_days=given["days"])


def _of_campaign(chosen: Config, campaign: Campaign, given: Mapping[str, Any], language: Language) -> _Said:
    from features.ledger import columns_counted
    from retention.effect.intended import Intended, read_intended
    from retention.effect.measured import measure
    from retention.effect.records import to_plain
    from serving.describing.effect_text import to_text

    policy = chosen.load_policy()
    intended = None if given["actions"] is None else read_intended(given["actions"])
    if given["hold_out_share"] is not None:
        numbers = {name: own for name, own in campaign.numbers.items() if name != "hold_out_share"}
        campaign = replace(campaign, numbers=numbers)
        intended = Intended(given["hold_out_share"], margin_share=None if intended is None else intended.margin_share)
    histories = read(chosen, progress, frozenset() if policy is None else columns_counted(policy))
    measured = measure(campaign, histories, policy, intended, lookback_days=chosen.lookback_days)
    worths = [] if measured.worth is None else [measured.worth]
    head = {
        "en": f"campaign {campaign.name}: outcomes from {campaign.as_of}, before {campaign.until}",
        "zh": f"活动 {campaign.name}：结果自 {campaign.as_of} 起，至 {campaign.until} 前",
    }[language]
    text = to_text(measured.findings, worths, measured.planned, language)
    said = {"as_of": str(campaign.as_of), "until": str(campaign.until), "planned": measured.planned}
    plain = to_plain(measured.findings, campaign=campaign.name, **said, worth=measured.worth)
    return _Said(measured.findings, f"{head}\n{text}", plain, campaign.name)


def _say_before(chosen: Config, campaign: Campaign, language: Language) -> None:
    from retention.effect.planning import planned
    from serving.describing.effect_text import planned_text

    histories = read(chosen, progress, frozenset()).before(campaign.as_of)
    treated = int(campaign.treated.sum())
    click.echo(planned_text(planned(campaign, histories), treated, len(campaign) - treated, language))


def _learn(found: Findings, catalogue: Path, campaign: str, language: Language, *, beside: bool) -> None:
    """Into the catalogue, and in words; ``beside`` what was printed, so that JSON stays JSON."""
    from retention.effect.learned import evidence, learn
    from serving.describing.effect_text import learned_text

    learned = learn(catalogue, evidence(found, "treated"), campaign)
    click.echo(f"\n{learned_text(learned, language)}", err=beside)
    click.echo(f"{len(learned)} effects are in {catalogue}", err=True)
