"""Transaction lines posted since a batch: each kept once, together with the forecast that knows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from sqlalchemy import Connection, Engine, delete, func, insert, select

from features.errors import ArtifactError, ConflictError, InputError, NotFoundError, StoreError, counted
from features.snapshot import to_date, to_day
from serving.database.engine import reading, writing
from serving.database.forecasts import ForecastRow, Stored
from serving.database.generations import Generation
from serving.database.locks import members_held, shared
from serving.database.rows import now, put
from serving.database.stale import mark_stale
from serving.database.tables import COMPLETE, FORECAST, GENERATION, HISTORY, LINE
from serving.database.texts import storable


class PostedLine(NamedTuple):
    """One line: its member's key, the sender's name for it, its day number, and JSON as it was posted."""

    member: str
    key: str
    day: int
    body: str


class Known(NamedTuple):
    """All that is known of a member: the batch's history and the lines posted since, by day and key."""

    member: str
    history: bytes
    lines: list[PostedLine]


class Posted(NamedTuple):
    """For each line whether it is new (else it was known); and the forecasts of the members, of those that have one."""

    new: list[bool]
    forecasts: dict[str, Stored]


Forecast: TypeAlias = Callable[[Sequence[Known]], Sequence[ForecastRow | None]]
"""Forecasts of members, one for each in the same order; None where nothing can be forecast."""


def post(engine: Engine, generation: Generation, lines: Sequence[PostedLine], forecast: Forecast) -> Posted:
    """Keep lines, and the forecasts that know them: all of it when this returns, or nothing.

    A line that is there already, word for word, is known and changes nothing, so a request can be sent again.

    Parameters
    ----------
    generation : whose forecasts are written at once; those of others are marked stale
    forecast : called inside the transaction, which others wait for

    Raises
    ------
    ConflictError
        a line is there with another content
    InputError
        a line's day is before the generation's date, or a text is none that a database can hold
    NotFoundError
        a member is not in the log
    StoreError
    """
    if not all(storable(text) for line in lines for text in (line.member, line.key, line.body)):
        raise InputError("a line is text without null characters", "another one", "send valid Unicode")
    members = sorted({line.member for line in lines})
    with writing(engine) as connection:
        shared(connection)
        others = _others(connection, generation)
        _refuse_early(connection, generation, lines)
        members_held(connection, [generation.id, *others], members)
        _refuse_unknown(connection, generation, members)
        new = _new(lines_of(connection, members), lines)
        kept = [line for line, is_new in zip(lines, new, strict=True) if is_new]
        if kept:
            posted_at = now()
            connection.execute(insert(LINE), [{**line._asdict(), "posted_at": posted_at} for line in kept])
        touched = sorted({line.member for line in kept})
        for other in others:
            mark_stale(connection, other, touched)
        return Posted(new, _renewed(connection, generation, members, set(touched), forecast))


def refresh(engine: Engine, generation: Generation, keys: Sequence[str], forecast: Forecast) -> dict[str, Stored]:
    """Make stale forecasts anew from history and lines; those that somebody made meanwhile stay. Gives all that there are.

    Raises
    ------
    StoreError
    """
    members = sorted({key for key in keys if storable(key)})
    with writing(engine) as connection:
        shared(connection)
        members_held(connection, [generation.id, *_others(connection, generation)], members)
        return _renewed(connection, generation, members, set(), forecast)


def lines_of(source: Connection | Engine, keys: Sequence[str], since: int | None = None) -> dict[str, list[PostedLine]]:
    """Posted lines by member key, each member's by day and key.

    Parameters
    ----------
    since : day number; earlier lines are left out

    Raises
    ------
    StoreError
    """
    if isinstance(source, Engine):
        with reading(source) as connection:
            return lines_of(connection, keys, since)
    asked = select(LINE.c.member, LINE.c.key, LINE.c.day, LINE.c.body).where(LINE.c.member.in_(list(keys)))
    if since is not None:
        asked = asked.where(LINE.c.day >= since)
    found: dict[str, list[PostedLine]] = {}
    for row in source.execute(asked.order_by(LINE.c.member, LINE.c.day, LINE.c.key)):
        found.setdefault(row.member, []).append(PostedLine(*row))
    return found


def _others(connection: Connection, generation: Generation) -> list[int]:
    """The other generations in place; this one has to be among them."""
    ids = list(connection.execute(select(GENERATION.c.id).where(GENERATION.c.state == COMPLETE)).scalars())
    if generation.id not in ids:
        raise StoreError("a batch is asked while it is in place", "one that a newer one replaced", "send the request again")
    return [one for one in ids if one != generation.id]


def _refuse_early(connection: Connection, generation: Generation, lines: Sequence[PostedLine]) -> None:
    same = (GENERATION.c.state == COMPLETE, GENERATION.c.model_version == generation.model_version)
    # A newer batch of the model may be in place since the caller looked: what it has read is its own.
    newest = connection.execute(select(func.max(GENERATION.c.as_of)).where(*same)).scalar()
    since = max(to_day(generation.as_of), newest or 0)
    early = sum(line.day < since for line in lines)
    if early:
        raise InputError(
            f"a posted line's day is {to_date(since)} or later: earlier ones come with the next batch",
            f"{counted(early, 'line')} of an earlier day",
            "leave them out",
        )


def _refuse_unknown(connection: Connection, generation: Generation, members: Sequence[str]) -> None:
    held = select(func.count()).where(HISTORY.c.generation == generation.id, HISTORY.c.member.in_(members))
    unknown = len(members) - connection.execute(held).scalar_one()
    if unknown:
        raise NotFoundError(
            "lines are posted for members of the log", counted(unknown, "member") + " not in it", "wait for the next batch"
        )


def _new(there: dict[str, list[PostedLine]], lines: Sequence[PostedLine]) -> list[bool]:
    """Which lines are not there yet, counting those before them in the request."""
    known = {line[:2]: line for of_member in there.values() for line in of_member}
    new, conflicts = [], []
    for place, line in enumerate(lines):
        new.append(line[:2] not in known)
        if known.setdefault(line[:2], line) != line:
            conflicts.append(place)
    if conflicts:
        raise ConflictError(
            "a line's key names one line for ever",
            f"{counted(len(conflicts), 'key')} sent before with another content",
            "give a changed line a key of its own; nothing of the request was kept",
            conflicts,
        )
    return new


def _renewed(
    connection: Connection, generation: Generation, members: Sequence[str], touched: set[str], forecast: Forecast
) -> dict[str, Stored]:
    """Forecasts of members, made anew where lines are new or the stored one is stale."""
    columns = (FORECAST.c.member, FORECAST.c.as_of, FORECAST.c.stale, FORECAST.c.body)
    mine = (FORECAST.c.generation == generation.id, FORECAST.c.member.in_(list(members)))
    found = {row.member: Stored(*row[1:]) for row in connection.execute(select(*columns).where(*mine))}
    due = sorted(touched | {member for member, stored in found.items() if stored.stale})
    if not due:
        return found
    asked = select(HISTORY.c.member, HISTORY.c.body).where(HISTORY.c.generation == generation.id, HISTORY.c.member.in_(due))
    history = {row.member: row.body for row in connection.execute(asked)}
    if len(history) < len(due):
        got = f"{counted(len(due) - len(history), 'forecast')} without a history"
        raise ArtifactError("a store holds the history of every member with a forecast", got, "run 'tiercast score' again")
    lines = lines_of(connection, due, to_day(generation.as_of))
    rows = forecast([Known(member, history[member], lines.get(member, [])) for member in due])
    made = {member: row for member, row in zip(due, rows, strict=True) if row is not None}
    assert all(row.member == member for member, row in made.items())
    put(connection, generation.id, list(made.values()))
    gone = [member for member in due if member in found and member not in made]
    if gone:
        connection.execute(delete(FORECAST).where(FORECAST.c.generation == generation.id, FORECAST.c.member.in_(gone)))
    kept = {member: stored for member, stored in found.items() if member not in due}
    return kept | {member: Stored(row.as_of, row.stale, row.body) for member, row in made.items()}
