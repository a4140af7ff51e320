"""Times with a zone → wall-clock times of the programme, the same on every engine.

Between two changes of its clocks a zone is a fixed number of seconds from UTC, so over the span of a log the wall-clock time
is a case distinction with a branch for each change. The changes come from Python's zoneinfo, not from the engine's tables.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from features.errors import ConfigError

if TYPE_CHECKING:
    import ibis.expr.types as ir

UTC: Final = "UTC"

_SECOND = dt.timedelta(seconds=1)
_STEP = dt.timedelta(days=6)  # since 1980 no zone has changed its clocks twice in less: Recife did in a week less an hour


def zone_of(name: str) -> ZoneInfo:
    """A zone by its IANA name.

    Raises
    ------
    ConfigError

    >>> zone_of("Europe/Berlin").key
    'Europe/Berlin'
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError("a time zone has an IANA name", repr(name)[:60], "write it as Europe/Berlin") from None


def offsets(zone: ZoneInfo, first: dt.datetime, last: dt.datetime) -> list[tuple[dt.datetime, dt.timedelta]]:
    """From when on (in UTC) which offset holds, over [first, last].

    >>> [(str(since), str(offset)) for since, offset in
    ...  offsets(ZoneInfo("Europe/Berlin"), dt.datetime(2017, 3, 1), dt.datetime(2017, 4, 1))]
    [('2017-03-01 00:00:00', '1:00:00'), ('2017-03-26 01:00:00', '2:00:00')]
    """
    found = [(first, _offset(zone, first))]
    low = first
    while low < last:
        high = min(low + _STEP, last)
        if _offset(zone, high) != _offset(zone, low):
            since = _change(zone, low, high)
            found.append((since, _offset(zone, since)))
        low = high
    return found


def _offset(zone: ZoneInfo, instant: dt.datetime) -> dt.timedelta:
    offset = instant.replace(tzinfo=dt.UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _change(zone: ZoneInfo, low: dt.datetime, high: dt.datetime) -> dt.datetime:
    """The first second at which the offset is no longer that of ``low``."""
    before = _offset(zone, low)
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)  # clocks change on whole seconds
    while high - low > _SECOND:
        middle = low + (high - low) // 2 // _SECOND * _SECOND
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def wall_clock(instant: ir.Value, zone: ZoneInfo, first: dt.datetime, last: dt.datetime) -> Any:
    """Times in UTC as the zone's clocks showed them, as an expression; ``first`` and ``last`` bound the times."""
    import ibis

    branches = offsets(zone, first, last)
    shown = [_moved(instant, offset) for _, offset in branches]
    if len(branches) == 1:
        return shown[0]
    return ibis.cases(
        *((instant < ibis.literal(until), moved) for (until, _), moved in zip(branches[1:], shown, strict=False)),
        else_=shown[-1],
    )


def _moved(instant: Any, offset: dt.timedelta) -> Any:
    import ibis

    seconds = int(offset.total_seconds())
    if seconds == 0:
        return instant
    span = ibis.interval(seconds=abs(seconds))
    return instant + span if seconds > 0 else instant - span
