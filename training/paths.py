"""How horizons went in training, as paths along which others' horizons may go.

A path is one horizon of the training data: on which days something came, and how each column's total was spread over them.
Members are given paths of those who were as active as they are in the look-back, evenly from those who came early to those
who came late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.futures import Paths
from features.histories import Histories
from features.ledger import Ledger, ledger
from features.metrics import MONEY, Points
from features.money import UNITS
from features.operators import Floats, Integers
from features.playing import WHOLE
from features.policy import TierPolicy
from features.rulebook import Column, rulebook

BANDS: Final = 5
MOST_ROWS: Final = 6
"""Rows of a path; more are put together in so many equal parts of the horizon."""


@dataclass(frozen=True, eq=False)
class Bank:
    """``per_band`` paths for each band of activity; ``edges`` (n_bands - 1,) is the least of each band but the first."""

    paths: Paths
    edges: Integers
    per_band: int

    def first(self, activity: Integers) -> Integers:
        """(n_rows,) the first path of each row's band."""
        return np.asarray(np.searchsorted(self.edges, activity, side="right") * self.per_band, np.int64)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        arrays = {name: getattr(self.paths, name).tolist() for name in ("starts", "day", "share", "factor")}
        return {**arrays, "edges": self.edges.tolist(), "per_band": self.per_band}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Bank:
        """Back from ``to_dict``."""
        whole = {name: np.array(plain[name], np.int64) for name in ("starts", "day", "share")}
        paths = Paths(**whole, factor=np.array(plain["factor"], np.float64))
        return cls(paths, np.array(plain["edges"], np.int64), plain["per_band"])


def activity(log: Ledger, member: Integers, cutoff: npt.NDArray[np.integer], days: int) -> Integers:
    """(n_pairs,) days in [cutoff - days, cutoff) on which anything that counts happened."""
    until = np.asarray(cutoff, np.int64)
    return log.rows_before(member, until) - log.rows_before(member, until - days)


def counted(histories: Histories, policy: TierPolicy) -> Ledger:
    """The ledger of what a policy counts, in which no points expire."""
    columns = rulebook(policy).columns
    lasting = [
        column._replace(points=Points(per_unit=column.points.per_unit)) if column.points is not None else column
        for column in columns
    ]
    return ledger(histories, lasting)


def units(column: Column) -> float:
    """What the ledger counts for one of a column: ten-thousandths of money, whole points, orders ...

    >>> units(Column("spend")), units(Column("orders"))
    (10000.0, 1.0)
    """
    return float(UNITS) if column.name in MONEY else 1.0


def fit_bank(
    log: Ledger,
    member: Integers,
    cutoff: Integers,
    horizon_days: int,
    active: Integers,
    factor: Floats,
    *,
    driver: int,
    per_band: int,
) -> Bank:
    """Choose paths among rows of the training data.

    Parameters
    ----------
    log : of the columns that paths bring, at least up to each cutoff + horizon; ``driver`` is the column that drives them
    member, cutoff : (n_rows,) of the rows that may be chosen: each adds to that column
    active : (n_rows,) their activity
    factor : (n_columns, n_rows) how far above its level a row's total of a column is
    """
    low = log.rows_before(member, cutoff)
    high = log.rows_before(member, cutoff + horizon_days)
    edges = np.unique(np.quantile(active, np.arange(1, BANDS) / BANDS, method="higher"))
    edges = edges[edges > active.min()].astype(np.int64)
    band = np.searchsorted(edges, active, side="right")
    moves = np.maximum(np.diff(log.totals[driver]), 0)
    mass = np.concatenate(([0], np.cumsum(moves)))
    moment = np.concatenate(([0], np.cumsum(moves.astype(np.float64) * log.day)))
    middle = (moment[high] - moment[low]) / np.maximum(mass[high] - mass[low], 1) - cutoff
    chosen = []
    for b in range(len(edges) + 1):
        own = np.flatnonzero(band == b)
        own = own[np.argsort(middle[own], kind="stable")]
        chosen.append(own[((np.arange(per_band) + 0.5) / per_band * len(own)).astype(np.int64)])
    at = np.concatenate(chosen)
    starts, days, shares = [0], [], []
    for i in at.tolist():
        day, share = _path(log, int(low[i]), int(high[i]), int(cutoff[i]), horizon_days, driver)
        starts.append(starts[-1] + len(day))
        days.append(day)
        shares.append(share)
    paths = Paths(np.array(starts, np.int64), np.concatenate(days), np.concatenate(shares, axis=1), factor[:, at])
    return Bank(paths, edges, per_band)


def _path(log: Ledger, low: int, high: int, cutoff: int, horizon: int, driver: int) -> tuple[Integers, Integers]:
    """Days and shares of one horizon; where a column did not grow, its shares are 0."""
    moves = np.maximum(np.diff(log.totals[:, low : high + 1], axis=1), 0)
    grew = moves.any(axis=0)
    moves, offset = moves[:, grew], log.day[low:high][grew] - cutoff
    part = offset * MOST_ROWS // horizon if len(offset) > MOST_ROWS else np.arange(len(offset))
    last = np.flatnonzero(np.diff(part, append=-1))
    came = np.cumsum(moves, axis=1)
    share = came[:, last] * WHOLE // np.maximum(came[:, -1:], 1)
    # a part's day is the one on which most of it came
    day = np.array([offset[part == p][np.argmax(moves[driver][part == p])] for p in part[last]], np.int64)
    return day, share.astype(np.int64)
