"""Stored members as they are known now: the days of the batch, the lines posted since, and the forecast of both.

By the one path of the nightly batch, so that the numbers are those of a batch over the longer log.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from features.extending import extended
from features.histories import Histories
from features.packing import unpack
from features.snapshot import to_date, to_day
from features.zones import zone_of
from serving.batch.forecast_rows import forecast_rows
from serving.database import lines as stored_lines
from serving.database.forecasts import ForecastRow, Stored, histories
from serving.database.lines import Known, lines_of, post, refresh
from serving.desk.champion import Champion
from serving.desk.line_checks import check_new
from serving.desk.posted import from_text, to_text
from serving.desk.sent import PostedLine
from serving.forecast.members import MemberId, asked_key
from serving.forecast.scoring import Scores, score
from training.reach import check_learned


@dataclass(frozen=True)
class Posting:
    """What became of posted lines: how many are new and how many were known, members that are not, and the forecasts."""

    stored: int
    known: int
    unknown: list[MemberId]
    members: dict[str, MemberId]
    forecasts: dict[str, Stored]


def known(engine: Engine, champion: Champion, keys: Sequence[str]) -> Histories:
    """Histories of the members that the store knows, by their keys, in the order given."""
    found = histories(engine, champion.generation.id, keys)
    there = [key for key in dict.fromkeys(keys) if key in found]
    lines = lines_of(engine, there, to_day(champion.generation.as_of))
    return _longer(champion, [Known(key, found[key], lines.get(key, [])) for key in there])


def scored(champion: Champion, longer: Histories, as_of: dt.date) -> Scores:
    """What is said of members as of a day, from rows before it.

    Raises
    ------
    CutoffError
        the day is before the one that the model was trained for
    """
    check_learned(champion.forecaster, as_of)
    return score(champion.forecaster, champion.layout, longer.before(as_of), as_of, champion.bounds)


def rows(champion: Champion, members: Sequence[Known]) -> list[ForecastRow | None]:
    """Forecasts as the store keeps them, of the day after each one's last line; None without a purchase in the look-back."""
    made: list[ForecastRow | None] = []
    for one in members:  # each has a day of its own
        last = max((line.day for line in one.lines), default=0)
        as_of = max(champion.generation.as_of, to_date(last + 1))
        found = forecast_rows(scored(champion, _longer(champion, [one]), as_of))
        made.append(found[0] if found else None)
    return made


def renewed(engine: Engine, champion: Champion, stale: Sequence[str]) -> dict[str, Stored]:
    """Stale forecasts made anew, and stored."""
    return refresh(engine, champion.generation, stale, lambda members: rows(champion, members))


def posted(engine: Engine, champion: Champion, lines: Sequence[PostedLine]) -> Posting:
    """Store new lines of known members, all or none, with the forecasts that follow from them.

    Raises
    ------
    InputError, CutoffError
        a line does not fit the model or the store
    ConflictError
        a key was used before for another content
    StoreError
    """
    generation, forecaster = champion.generation, champion.forecaster
    zone = zone_of(forecaster.settings.time_zone)
    said = [line.to_line(zone) for line in lines]
    check_new(said, generation.as_of, forecaster)
    keys = [asked_key(line.customer_id, generation.id_kind) for line in lines]
    there = histories(engine, generation.id, list(dict.fromkeys(keys)))
    taken = [
        stored_lines.PostedLine(member, line.key, to_day(own.timestamp.date()), to_text(own))
        for member, line, own in zip(keys, lines, said, strict=True)
        if member in there
    ]
    made = post(engine, generation, taken, lambda members: rows(champion, members)) if taken else None
    new = sum(made.new) if made else 0
    ids = dict(zip(keys, (line.customer_id for line in lines), strict=True))
    return Posting(
        new,
        len(taken) - new,
        [member for key, member in ids.items() if key not in there],
        {key: member for key, member in ids.items() if key in there},
        made.forecasts if made else {},
    )


def _longer(champion: Champion, members: Sequence[Known]) -> Histories:
    found = unpack([(one.member, one.history) for one in members], champion.generation.log)
    lines = [[from_text(line.body) for line in one.lines] for one in members]
    return extended(found, lines)
