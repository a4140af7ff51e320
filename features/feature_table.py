"""Histories → member x cutoff: the one path to features for training, batch, notebook and HTTP."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from features import kernels
from features.compiling import compiled as compile_kernel
from features.compiling import has_numba
from features.errors import ConfigError, CutoffError
from features.expressions import evaluate
from features.feature import Feature
from features.histories import Histories
from features.operators import Floats, Integers, Panel
from features.pair import Programme
from features.policy import TierPolicy
from features.registry import chosen_by_default
from features.single import Single, names
from features.snapshot import check_days, cutoff_days, known_before, to_date
from features.tier_states import TierState
from features.tiers import gives, tier_state
from features.vocabulary import EVENTS, POLICY

if TYPE_CHECKING:
    import pandas as pd

_BLOCK_PAIRS: Final = 20_000
"""So few that what is worked out on the way fits into the cache, and into memory that is there already."""
_COMPILE_FROM_PAIRS: Final = 2_000
"""For fewer, loading numba costs more than it saves."""


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """One row a member and cutoff, members with a purchase in the look-back before it.

    ``x`` is (n_rows, n_features), float64, NaN by each feature's null rule; ``panel`` tells each row's member and cutoff;
    ``state`` is the policy's word on each row, None without a policy or without amounts.
    """

    panel: Panel
    features: tuple[Feature, ...]
    x: Floats
    policy: TierPolicy | None
    state: TierState | None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def members(self) -> npt.NDArray[Any]:
        """(n_rows,) ids as they came."""
        return self.panel.histories.members[self.panel.member]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names."""
        return tuple(feature.name for feature in self.features)

    def select(self, features: Sequence[Feature]) -> FeatureTable:
        """The same rows with some of the columns, in the order given."""
        position = {feature.name: i for i, feature in enumerate(self.features)}
        return replace(self, features=tuple(features), x=self.x[:, [position[feature.name] for feature in features]])

    def values(self, features: Sequence[Feature]) -> Floats:
        """(n_rows, n) of any features, whether they are columns of the table or not."""
        there = {feature.name: i for i, feature in enumerate(self.features)}
        missing = tuple(feature for feature in features if feature.name not in there)
        if not missing:
            return self.select(features).x
        found = dict(zip((feature.name for feature in missing), _values(self.panel, missing).T, strict=True))
        columns = [found[name] if name in found else self.x[:, there[name]] for name in (f.name for f in features)]
        return np.stack(columns, axis=1)

    def to_pandas(self) -> pd.DataFrame:
        """Frame with customer_id, cutoff and one column a feature."""
        import pandas as pd

        keys = {"customer_id": self.members, "cutoff": [to_date(day) for day in self.panel.cutoff]}
        columns = dict(zip(self.names, self.x.T, strict=True))
        return pd.DataFrame({**keys, **columns})


def build(
    histories: Histories,
    cutoffs: Sequence[dt.date],
    *,
    horizon_days: int,
    lookback_days: int,
    policy: TierPolicy | None = None,
    features: Sequence[Feature] | None = None,
    compiled: bool | None = None,
) -> FeatureTable:
    """Describe members at cutoffs, each by what was known before it.

    Parameters
    ----------
    histories : of all members, or of one
    cutoffs : days T; rows on days before T are seen, and no others
    horizon_days : days ahead that carry, needs and comebacks are about
    lookback_days : a row is given to members with a purchase in [T - lookback_days, T)
    policy : adds the programme's features and ``state``
    features : what to compute; those registered as default that the log can give if None
    compiled : force the compiled (True) or interpreted (False) operators; None chooses by size

    Returns
    -------
    FeatureTable
        rows by cutoff, then by member

    Raises
    ------
    CutoffError
        a cutoff lies before the log's first day is over
    ConfigError
        a span is out of its range, or a feature needs what the log has not
    PolicyError

    >>> import datetime as dt
    >>> from features.histories import from_rows
    >>> week = {"orders": 1, "gross": 25_0000, "returned": 0}
    >>> log = from_rows([("m", [(dt.date(2017, 1, day), week) for day in (1, 8, 15)])], has_amounts=True)
    >>> table = build(log, [dt.date(2017, 1, 20)], horizon_days=28, lookback_days=91)
    >>> table.to_pandas()[["customer_id", "recency_days", "gap_mean_days", "spend_28d"]].values.tolist()
    [['m', 5.0, 7.0, 75.0]]
    """
    check_days(horizon_days, "horizon_days")
    check_days(lookback_days, "lookback_days")
    days = cutoff_days(cutoffs)
    if len(days) and days[0] <= histories.first_day:
        raise CutoffError(
            "a cutoff lies after the log's first day",
            f"{to_date(days[0])} in a log that begins on {to_date(histories.first_day)}",
            "choose a later cutoff",
        )
    if features is None:
        chosen = chosen_by_default(histories.columns, policy=policy is not None, events=bool(histories.events))
    else:
        chosen = tuple(features)
        _check_given(chosen, histories, policy)
    found = _eligible(histories, days, lookback_days, compiled)
    member = np.concatenate([np.empty(0, np.int64), *found])
    cutoff = np.repeat(days, np.array([len(members) for members in found], np.int64))
    state = None
    if policy is not None and gives(histories, policy):
        state = tier_state(histories, member, cutoff.astype(np.int64), horizon_days, policy)
    panel = Panel(histories, member, cutoff, horizon_days, state)
    return FeatureTable(panel, chosen, _values(panel, chosen, compiled), policy, state)


def parts(histories: Histories, members: int) -> Iterator[Histories]:
    """The histories of so many members at a time, in order: a table of all members need not fit into memory.

    >>> from features.histories import from_rows
    >>> day = (dt.date(2017, 1, 1), {"orders": 1, "gross": 0, "returned": 0})
    >>> [len(part) for part in parts(from_rows([(name, [day]) for name in "abc"], has_amounts=True), 2)]
    [2, 1]
    """
    for start in range(0, len(histories), members):
        yield histories.range(start, min(start + members, len(histories)))


def _values(panel: Panel, features: Sequence[Feature], compiled: bool | None = None) -> Floats:
    if compiled is None:
        compiled = len(panel) >= _COMPILE_FROM_PAIRS and has_numba()
    return (_together if compiled else _one_by_one)(panel, tuple(feature.expression for feature in features))


def _together(panel: Panel, texts: tuple[str, ...]) -> Floats:
    """All pairs at once, by the compiled operators; so many members at a time that their arrays stay in the cache."""
    x = np.empty((len(panel), len(texts)), np.float64, order="F")
    members = len(panel.histories)
    step = max(1, members * _BLOCK_PAIRS // max(len(panel), 1))
    if step >= members:
        operators = names(replace(panel, _memo={}))
        for i, text in enumerate(texts):
            (x[:, i],) = evaluate((text,), operators)
        return x
    runs = np.append(np.flatnonzero(np.diff(panel.cutoff, prepend=panel.cutoff[:1] - 1)), len(panel)).tolist()
    for first in range(0, members, step):
        bounds = [
            (a + lo, a + hi)
            for a, b in itertools.pairwise(runs)
            for lo, hi in [np.searchsorted(panel.member[a:b], (first, first + step)).tolist()]
        ]
        operators = names(panel.part(bounds, first, min(first + step, members)))
        for i, text in enumerate(texts):
            (values,) = evaluate((text,), operators)
            at = 0
            for lo, hi in bounds:
                x[lo:hi, i] = values[at : at + hi - lo]
                at += hi - lo
    return x


def _one_by_one(panel: Panel, texts: tuple[str, ...]) -> Floats:
    """Pair by pair: the plain operators."""
    x = np.empty((len(panel), len(texts)), np.float64)
    programme = Programme(panel.state) if panel.state is not None else None
    for i, (member, cutoff) in enumerate(zip(panel.member.tolist(), panel.cutoff.tolist(), strict=True)):
        x[i] = evaluate(texts, names(Single(panel.histories, member, cutoff, panel.horizon_days, programme, i)))
    return x


def _check_given(features: Sequence[Feature], histories: Histories, policy: TierPolicy | None) -> None:
    """Refuse a feature that the log cannot give: it would be empty for everybody."""
    there = {*histories.columns, *((POLICY,) if policy is not None else ()), *((EVENTS,) if histories.events else ())}
    for feature in features:
        if missing := feature.needs - there:
            raise ConfigError(
                "a feature's columns are in the log",
                f"{feature.name}, which needs {', '.join(sorted(missing))}",
                "map the columns, or leave the feature out",
            )


def eligible(histories: Histories, cutoff: int, lookback_days: int) -> Integers:
    """Positions of members with a purchase in [cutoff - lookback, cutoff), given as day numbers."""
    visits = histories.visits
    start, stop = known_before(visits.day, visits.offsets, cutoff)
    last = visits.day[np.maximum(stop - 1, 0)] if len(visits.day) else np.zeros(len(histories), np.int32)
    return np.flatnonzero((stop > start) & (last >= cutoff - lookback_days))


def _eligible(
    histories: Histories, cutoffs: npt.NDArray[np.int32], lookback_days: int, compile_: bool | None
) -> list[Integers]:
    """The same for rising cutoffs: compiled where it pays."""
    if compile_ is None:
        compile_ = len(histories) * len(cutoffs) >= _COMPILE_FROM_PAIRS and has_numba()
    if not compile_:
        return [eligible(histories, int(cutoff), lookback_days) for cutoff in cutoffs]
    seen = np.empty((len(cutoffs), len(histories)), bool)
    visits = histories.visits
    compile_kernel(kernels.seen_since)(visits.offsets, visits.day, cutoffs, lookback_days, seen)
    return [np.flatnonzero(row) for row in seen]
