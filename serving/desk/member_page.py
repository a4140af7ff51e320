"""All that can be told of one member on a page: description, forecast, what it takes, and a few sentences to read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from features.bounds import StandingBounds
from features.errors import ConfigError
from features.histories import Histories
from serving.describing.description import described_alone
from serving.desk.member_words import Speaker
from serving.desk.what_it_takes import what_it_takes
from serving.forecast.wording import Language
from training.forecaster import Forecaster

_CHANGES: Final = ("joined", "rose", "fell", "invited", "reopened")
"""Kinds of events after which the tier may be another."""


def member_page(
    forecaster: Forecaster,
    histories: Histories,
    as_of: dt.date,
    *,
    forecast: Mapping[str, Any] | None,
    consent: bool | None = None,
    bounds: StandingBounds | None = None,
    language: Language = "en",
) -> dict[str, Any]:
    """One member's page; ready for JSON.

    Parameters
    ----------
    histories : of one member; rows on days before ``as_of`` are seen
    forecast : the member's answer at ``as_of`` (serving.forecast.record), None where none is made
    consent : whether the member agreed to marketing, None where nobody asked

    Returns
    -------
    dict
        what ``serving.describing.description.described`` gives, and ``forecast``, null with ``no_forecast`` saying why;
        ``what_it_takes`` (serving.desk.what_it_takes); ``summary``, sentences for who speaks with the member

    Raises
    ------
    ConfigError
        the forecast is of another day
    PolicyError
    """
    settings = forecaster.settings
    if forecast is not None and forecast["as_of"] != as_of.isoformat():
        raise ConfigError("a page and its forecast are of the same day", "another day", "forecast the member on this day")
    known = histories.before(as_of)
    found = described_alone(
        known,
        as_of,
        horizon_days=settings.horizon_days,
        policy=settings.policy,
        bounds=bounds,
        consent=consent,
        language=language,
    )
    speaker = Speaker(language)
    p_next_tier = forecast["p_next_tier"] if forecast else None
    takes = what_it_takes(forecaster, known, as_of, p_next_tier=p_next_tier, language=language)
    no_forecast = None if forecast else speaker.say("no_forecast", days=settings.lookback_days)
    page = {**found, "forecast": forecast, "no_forecast": no_forecast, "what_it_takes": takes}
    return {**page, "summary": summary(page, speaker)}


def summary(page: Mapping[str, Any], speaker: Speaker) -> list[str]:
    """A page in a few sentences."""
    said = []
    tier = page["tier"]
    if tier is not None:
        since = [event["date"] for event in tier["history"] if event["kind"] in _CHANGES]
        name = "tier_since" if since else "tier"
        said.append(speaker.say(name, tier=tier["name"], day=since[-1] if since else ""))
        takes = page["what_it_takes"]
        said += [speaker.takes(own, top=own is takes[-1]) for own in _pressing(takes)]
    if page["forecast"] is not None:
        said += speaker.forecast(page["forecast"])
    else:
        said.append(page["no_forecast"])
    return said


def _pressing(takes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tier held, and the next one above it: beyond that is for the table."""
    kept = [own for own in takes if own["kind"] == "keep"]
    return [*kept, *[own for own in takes if own["kind"] == "reach"][:1]]
