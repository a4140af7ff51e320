"""Every error that Tiercast raises on purpose.

::

    TiercastError
    ├── InputError                 what came in cannot be used as it is
    │   ├── SourceError            a file or table cannot be read, or holds nothing
    │   ├── ColumnError            the columns do not fulfil the contract
    │   ├── UnusableLogError       too little of the log is left to work on
    │   ├── PolicyError            a tier policy breaks a rule
    │   ├── ConfigError            a setting is out of its range
    │   ├── ConflictError          what is sent contradicts what was sent before
    │   └── CutoffError            a date lies where nothing can be said
    ├── LimitError                 more was sent than is taken at once
    ├── OverloadError              more is asked than can be answered just now
    ├── NotFoundError              asked for something that is not here
    │   ├── UnknownMemberError
    │   ├── NothingKeptError       of members who are to be erased
    │   └── NoModelError
    ├── TrackingError              MLflow's store cannot be reached or used
    ├── StoreError                 the database of forecasts cannot be reached or used now
    ├── BatchError                 a batch was broken off, and can be taken up again
    └── ArtifactError              a stored model or store is damaged or of another kind

Each one carries its arguments and words itself: the rule, what was got, what to do.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path


class TiercastError(Exception):
    """Root of the tree: ``rule``, ``got`` and ``fix``, joined into one sentence each.

    >>> print(TiercastError("a horizon is at least 1 day", "-3", "pass --horizon-days 28"))
    a horizon is at least 1 day; got -3. To mend it: pass --horizon-days 28.
    """

    def __init__(self, rule: str, got: str, fix: str) -> None:
        super().__init__(rule, got, fix)
        self.rule = rule
        self.got = got
        self.fix = fix

    def __str__(self) -> str:
        end = "" if self.fix.endswith("?") else "."
        return f"{self.rule}; got {self.got}. To mend it: {self.fix}{end}"


class InputError(TiercastError):
    """What came in cannot be used as it is."""


class SourceError(InputError):
    """A file or table cannot be read, or holds nothing."""


class ColumnError(InputError):
    """The columns of a table do not fulfil the contract."""


class UnusableLogError(InputError):
    """Too little of the log is left to work on."""


class PolicyError(InputError):
    """A tier policy breaks a rule; ``place`` says where in the file.

    >>> print(PolicyError("tiers[2].reach", "thresholds rise", "300 after 500", "sort the tiers"))
    tiers[2].reach: thresholds rise; got 300 after 500. To mend it: sort the tiers.
    """

    def __init__(self, place: str, rule: str, got: str, fix: str) -> None:
        super().__init__(rule, got, fix)
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {super().__str__()}"


class ConfigError(InputError):
    """A setting is out of its range."""


class ConflictError(InputError):
    """What is sent contradicts what was sent before; ``places`` are positions in the request."""

    def __init__(self, rule: str, got: str, fix: str, places: Sequence[int] = ()) -> None:
        super().__init__(rule, got, fix)
        self.places = tuple(places)


class CutoffError(InputError):
    """A date lies where nothing can be said about it."""


class LimitError(TiercastError):
    """More was sent than is taken at once."""


class OverloadError(TiercastError):
    """More is asked than can be answered just now; after ``retry_after_s`` seconds it may be otherwise.

    >>> print(OverloadError("this service takes 4 large requests at a time"))
    this service takes 4 large requests at a time; got more. To mend it: ask again in 1 s.
    """

    def __init__(self, rule: str, retry_after_s: int = 1) -> None:
        super().__init__(rule, "more", f"ask again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class NotFoundError(TiercastError):
    """Asked for something that is not here."""


class UnknownMemberError(NotFoundError):
    """No forecast is stored for a member. The id itself stays out of the message.

    >>> print(UnknownMemberError(1))
    a forecast is stored for members with a purchase in the look-back; got 1 id without one. \
To mend it: check the id, or post the member's transactions as histories to /v1/forecast.
    """

    def __init__(self, unknown: int) -> None:
        super().__init__(
            "a forecast is stored for members with a purchase in the look-back",
            f"{unknown} id{'s' if unknown != 1 else ''} without one",
            "check the id, or post the member's transactions as histories to /v1/forecast",
        )
        self.unknown = unknown


class NothingKeptError(NotFoundError):
    """Members are to be erased of whom nothing is kept; they are marked as erased all the same.

    >>> print(NothingKeptError(1))
    somebody is forgotten of whom something is kept; got 1 id of which nothing is kept. \
To mend it: check how ids are written; one that is right is remembered as erased: batches from now on leave it out.
    """

    def __init__(self, unknown: int) -> None:
        super().__init__(
            "somebody is forgotten of whom something is kept",
            f"{counted(unknown, 'id')} of which nothing is kept",
            "check how ids are written; one that is right is remembered as erased: batches from now on leave it out",
        )
        self.unknown = unknown


class NoModelError(NotFoundError):
    """No model has been trained, registered or exported yet."""


class TrackingError(TiercastError):
    """MLflow's store cannot be reached or used."""


class StoreError(TiercastError):
    """The database of forecasts cannot be reached or used now; the message holds no place and nothing that was sent."""


class BatchError(TiercastError):
    """A batch was broken off by what it runs on: a full disk, a database that went away. What is finished is kept."""


class ArtifactError(TiercastError):
    """A stored model or look-up store is damaged, or of another kind or version."""


def listed(names: Sequence[object], most: int = 8) -> str:
    """Names joined for a message, cut where there are many.

    >>> listed(["a", "b"])
    "'a', 'b'"
    >>> listed(range(10), most=2)
    '0, 1 and 8 more'
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def counted(count: int, noun: str) -> str:
    """A number of things for a message.

    >>> counted(1, "row"), counted(2_000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{count:,} {noun}{'s' if count != 1 else ''}"


def log_text(error: Exception) -> str:
    """An error for the log: one of ours in its words, another by type and place, since its text may hold what was sent."""
    if isinstance(error, TiercastError):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
