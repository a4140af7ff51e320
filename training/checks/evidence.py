"""What checks look at, as plain arrays: whatever is None was not there to be looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from features.histories import Histories
from features.operators import Floats, Integers

Said: TypeAlias = Mapping[str, npt.NDArray[Any]]
"""What is said of members at a cutoff: arrays by name, a row a member each."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Members described at cutoffs.

    Parameters
    ----------
    names : of the columns of ``x``
    x : (n_rows, n_features), NaN where missing
    member : (n_rows,) position in ``histories``
    cutoff : (n_rows,) day number
    churned : (n_rows,) what happened next, where that is known
    histories : whose positions ``member`` holds
    window_days : by feature, the longest window that it looks through
    idle : features that read nothing but what the log has none of, such as returns or amounts
    """

    names: tuple[str, ...]
    x: Floats
    member: Integers
    cutoff: Integers
    churned: npt.NDArray[np.bool_] | None = None
    histories: Histories | None = None
    window_days: Mapping[str, int] = field(default_factory=dict)
    idle: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.x)

    def take(self, at: Integers) -> Rows:
        """Some of the rows, by position."""
        churned = None if self.churned is None else self.churned[at]
        return replace(self, x=self.x[at], member=self.member[at], cutoff=self.cutoff[at], churned=churned)


@dataclass(frozen=True, eq=False)
class Outcome:
    """A past cutoff as it was forecast, and how it turned out.

    ``churn`` holds (n_rows,) probabilities of leaving and ``tiers`` (n_rows, n_tiers) probabilities by the rule's name;
    ours is under ``ours``. ``tiers`` is empty and ``next_tier`` None where tiers are not forecast.
    """

    cutoff: dt.date
    member: Integers
    ours: str
    churn: Mapping[str, Floats]
    churned: npt.NDArray[np.bool_]
    tiers: Mapping[str, Floats] = field(default_factory=dict)
    next_tier: Integers | None = None


@dataclass(frozen=True, eq=False)
class Explained:
    """A quantity and what it is said to be made of: ``total`` = ``base`` + the sum over ``contributions`` + ``terms``.

    ``contributions`` is (n_rows, n_features), ``base`` a number or (n_rows,), each term (n_rows,).
    """

    name: str
    base: float | Floats
    contributions: Floats
    total: Floats
    terms: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Answers:
    """What is to be served, a row a member.

    Parameters
    ----------
    p_churn : (n_rows,)
    p_tier : (n_rows, n_tiers), lowest first
    expected_spend : (n_rows,)
    secured : (n_rows,) position of the tier held at the horizon's end if nothing more happens
    need_purchase : (n_rows, n_tiers) whether a tier is out of reach without a purchase in the horizon
    keeps_secured : whether a secured tier cannot be lost, that is, returns do not count
    zero_mass : (n_rows,) probability of no spend, where the distribution of spend is given
    spend_quantiles : by level in (0, 1), (n_rows,) spend
    """

    p_churn: Floats
    p_tier: Floats | None = None
    expected_spend: Floats | None = None
    secured: Integers | None = None
    need_purchase: npt.NDArray[np.bool_] | None = None
    keeps_secured: bool = False
    zero_mass: Floats | None = None
    spend_quantiles: Mapping[float, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class LogCounts:
    """Counts of the log's own check: ``repeated`` rows equal an earlier one, ``overlap`` rows stand in two files.

    The last two say whether such rows were kept.
    """

    rows: int
    repeated: int
    overlap: int
    keeps_repeated: bool
    keeps_overlap: bool


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that checks look at.

    Parameters
    ----------
    as_of : the cutoff that is to be forecast
    histories : the whole log
    forecast : histories of some members and a cutoff → what would be said of those eligible then
    describe : histories of some members and a cutoff → (n_rows, n_features) as training describes those eligible then
    training : the rows that were learned from
    outcomes : past cutoffs whose horizon is over, forecast without knowing it
    scoring : the members to be forecast, described
    answers, explained : what is to be served of them, and how it is explained
    log : counts of the log's check
    """

    as_of: dt.date
    horizon_days: int
    lookback_days: int
    histories: Histories | None = None
    forecast: Callable[[Histories, dt.date], Said] | None = None
    describe: Callable[[Histories, dt.date], Floats] | None = None
    training: Rows | None = None
    outcomes: tuple[Outcome, ...] = ()
    scoring: Rows | None = None
    answers: Answers | None = None
    explained: tuple[Explained, ...] = ()
    log: LogCounts | None = None
