"""One member at a date as plain values: what ``tiercast describe`` prints, as JSON or as text."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from features.between import known_at
from features.bounds import StandingBounds
from features.chronicle import tier_history
from features.errors import NotFoundError
from features.feature import Phrase
from features.histories import Histories
from features.identity import find, locate
from features.ladder import ADVOCATE, CLASSES, NO_CLASS, STAGES
from features.members import Enrolled
from features.membership import near_misses, pace, tiers_held
from features.needs import Outlook, outlook
from features.passbook import Passbook, summed_up
from features.policy import TierPolicy
from features.snapshot import to_date, to_day
from features.standing import Standing, stand
from features.tiers import gives
from serving.forecast.near_miss import Kind, missed
from serving.forecast.wording import Language


def described(
    histories: Histories,
    member: str,
    as_of: dt.date,
    *,
    horizon_days: int,
    policy: TierPolicy | None = None,
    bounds: StandingBounds | None = None,
    enrolled: Enrolled | None = None,
    language: Language = "en",
) -> dict[str, Any]:
    """All there is to say of a member, from rows before a date.

    Parameters
    ----------
    member : id as it is written
    horizon_days : how far ahead keeping and reaching tiers is about
    enrolled : what the member table says

    Raises
    ------
    NotFoundError
        nothing is known of the member before the date; the id stays out of the message
    """
    one, consent = _one(histories, member, as_of, enrolled)
    return described_alone(
        one, as_of, horizon_days=horizon_days, policy=policy, bounds=bounds, consent=consent, language=language
    )


def described_alone(
    histories: Histories,
    as_of: dt.date,
    *,
    horizon_days: int,
    policy: TierPolicy | None = None,
    bounds: StandingBounds | None = None,
    consent: bool | None = None,
    language: Language = "en",
) -> dict[str, Any]:
    """The same of the one member of histories, by nothing heavier than numpy: what a service can tell.

    Parameters
    ----------
    consent : whether the member agreed to marketing, None where nobody asked
    """
    one = histories.before(as_of)
    bounds = bounds or StandingBounds()
    joined = int(one.joined[0]) if one.joined is not None else -1
    (customer,) = one.members.tolist()
    return {
        "customer_id": customer,
        "as_of": as_of.isoformat(),
        "joined": to_date(joined).isoformat() if joined >= 0 else None,
        "consent": consent,
        "ledger": _plain(summed_up(one, 0, as_of)),
        "tier": _tier(one, policy, as_of, horizon_days, bounds, language),
        "standing": _standing(stand(one, as_of, bounds, pace=pace(policy)), language),
    }


def _one(histories: Histories, member: str, as_of: dt.date, enrolled: Enrolled | None) -> tuple[Histories, bool | None]:
    """The histories of one member as known at a date, and the consent."""
    import pyarrow as pa

    consent = {1: True, 0: False}
    if enrolled is not None and len(enrolled.prospects):
        prospects = enrolled.prospects
        place = int(locate(prospects.ids, pa.array([member]))[0])
        if place >= 0 and prospects.known(to_day(as_of))[place]:
            empty = histories.select(np.array([0])).before(to_date(histories.first_day))
            own = replace(empty, members=prospects.ids[[place]], joined=prospects.joined[[place]])
            return own, consent.get(int(prospects.consent[place]))
    position = find(histories.members, member)
    one = histories.select(np.array([position])).before(as_of)
    if not known_at(one, to_day(as_of))[0]:
        raise NotFoundError("a member has rows in the log before the date", "1 id without any", "check the id, or the date")
    return one, None if enrolled is None else consent.get(int(enrolled.consent[position]))


def _tier(
    one: Histories, policy: TierPolicy | None, as_of: dt.date, horizon_days: int, bounds: StandingBounds, language: Language
) -> dict[str, Any] | None:
    if policy is None or not gives(one, policy):
        return None
    names, by = policy.tier_names, as_of + dt.timedelta(days=horizon_days)
    held = max(int(tiers_held(one, policy, as_of)[0]), 0)  # a prospect of unknown date starts in the first
    needs = outlook(one, policy, 0, as_of, by, language=language)
    near = near_misses(one, policy, as_of, by, bounds)
    events = [
        {**asdict(event), "date": event.date.isoformat()} for event in tier_history(one, policy, 0, by, language=language)
    ]
    said: dict[str, str] = {}
    lacks: tuple[tuple[Kind, Any, int], ...] = (("keep", near.keep, held), ("reach", near.rise, held + 1))
    for kind, lacking, tier in lacks:
        if lacking[0]:
            day = str(_until(needs[tier], int(near.keep_by[0]) if kind == "keep" else -1))
            said[names[tier]] = missed(kind, names[tier], float(lacking[0]), day, whole=near.whole, language=language)
    return {
        "name": names[held],
        "history": [event for event in events if event["date"] <= as_of.isoformat()],
        "by": by.isoformat(),
        "whole_numbers": near.whole,
        "if_nothing_comes": [event for event in events if event["date"] > as_of.isoformat()],
        "outlook": [
            {
                "tier": need.tier,
                "kind": "keep" if position <= held else "reach",
                "need": need.need,
                "last_day": need.last_day.isoformat() if need.last_day else None,
                "undefined": need.why,
                "near_miss": said.get(need.tier),
            }
            for position, need in enumerate(needs)
            if position
        ],
    }


def _until(need: Outlook, keep_by: int) -> dt.date | None:
    """The last day for a need; of the tier held, before it is lost."""
    return need.last_day if keep_by < 0 or need.last_day is None else min(need.last_day, to_date(keep_by))


def _standing(standing: Standing, language: Language) -> dict[str, Any]:
    pace = int(standing.frequency_class[0])
    stage = int(standing.stage[0])
    loyalty = _first(standing.loyalty)
    if not standing.has_advocates:
        loyalty["referrals"] = None
    return {
        "window_days": standing.bounds.window_days,
        "period_days": standing.bounds.period_days,
        "periods": standing.bounds.periods,
        "stage": _said(STAGES[stage], language),
        "advocates": standing.has_advocates,
        "highest_stage": stage == (ADVOCATE if standing.has_advocates else ADVOCATE - 1),
        "frequency_class": None if pace == NO_CLASS else _said(CLASSES[pace], language),
        "rfm": {name: value or None if name.endswith("_score") else value for name, value in _first(standing.rfm).items()},
        "contribution": _first(standing.contribution),
        "loyalty": loyalty,
    }


def _first(columns: Any) -> dict[str, Any]:
    """The first row of a dataclass of columns, NaN as None."""
    row = {name: column[0].item() for name, column in vars(columns).items()}
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def _plain(found: Passbook) -> dict[str, Any]:
    plain = asdict(found)
    plain["last_days"] = [{**day, "date": day["date"].isoformat()} for day in plain["last_days"]]
    return {**plain, "first": found.first and found.first.isoformat(), "last": found.last and found.last.isoformat()}


def _said(phrase: Phrase, language: Language) -> str:
    return phrase.zh if language == "zh" else phrase.en
