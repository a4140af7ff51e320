"""Figures of a ranking, for many weightings at once: the rows are sorted once, then weights are summed along."""

from __future__ import annotations

import itertools
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.operators import Floats, Integers
from training.resampling import Weights, ratio

BINS: Final = 15
_Runs: TypeAlias = tuple[Weights, Weights]
SHARES: Final = (0.05, 0.1, 0.2)
"""Shares of members at which lift is given."""


class Ranked:
    """Rows by falling probability.

    Parameters
    ----------
    y : (n_rows,) 1 where it happened
    p : (n_rows,) probability of it
    member : (n_rows,) columns of the weights
    """

    def __init__(self, y: npt.NDArray[np.generic], p: Floats, member: Integers) -> None:
        order = np.argsort(-p, kind="stable")
        sorted_p = p[order]
        self._member = member[order]
        happened = np.asarray(y)[order] > 0
        self._who = member[order[happened]]
        self._before = np.concatenate(([0], np.cumsum(happened)))
        self._miss = happened - sorted_p
        ends = np.append(np.flatnonzero(np.diff(sorted_p)) + 1, len(p)) if len(p) else np.zeros(0, np.int64)
        self._ends = np.concatenate(([0], ends))
        some = np.diff(self._before[self._ends]) > 0
        self._high, self._low = self._ends[1:][some], self._ends[:-1][some]
        self._bins = equal_bins(sorted_p)

    def __call__(self, weights: Weights) -> dict[str, Floats]:
        """(n_draws,) each: 'AUC', 'PR AUC', 'ECE' and 'lift 5 %' ...; NaN where the weights leave one outcome only.

        AUC: P(one that happened is ranked above one that did not), ties half. PR AUC: average precision, the mean over what
        happened of the precision at its place, ties at the end of their run. ECE: over bins of equal mass, the same for
        every draw, mean distance of share and mean probability, weighted by bin (Naeini et al. 2015). Lift at a share: how
        many times as many as at random are among the ranked first.
        """
        drawn = np.take(weights, self._member, axis=1)
        everyone, true = _running(drawn), _running(np.take(weights, self._who, axis=1))
        hit, seen = self._at_runs(everyone, true)
        precision = hit[1] / np.maximum(seen[1], 1)
        found = {
            "AUC": _area(everyone, true, hit, seen),
            "PR AUC": ratio(((hit[1] - hit[0]) * precision).sum(axis=1), true[:, -1].astype(np.float64)),
            "ECE": self._off(drawn, everyone[:, -1]),
        }
        for share, reached in zip(SHARES, self._reached(everyone, true, np.array(SHARES)), strict=True):
            found[f"lift {share * 100:g} %"] = ratio(reached, share * true[:, -1].astype(np.float64))
        return found

    def area(self, weights: Weights) -> dict[str, Floats]:
        """'AUC' alone."""
        everyone = _running(np.take(weights, self._member, axis=1))
        true = _running(np.take(weights, self._who, axis=1))
        return {"AUC": _area(everyone, true, *self._at_runs(everyone, true))}

    def calibration(self, weights: Weights) -> dict[str, Floats]:
        """'ECE' alone."""
        drawn = np.take(weights, self._member, axis=1)
        return {"ECE": self._off(drawn, drawn.sum(axis=1))}

    def gain(self, weights: Weights, shares: Floats) -> Floats:
        """(n_shares, n_draws) share of all that happened which is among the first so many; NaN where nothing did."""
        everyone = _running(np.take(weights, self._member, axis=1))
        true = _running(np.take(weights, self._who, axis=1))
        return ratio(self._reached(everyone, true, shares), np.tile(true[:, -1].astype(np.float64), (len(shares), 1)))

    def _at_runs(self, everyone: Weights, true: Weights) -> tuple[_Runs, _Runs]:
        """What happened, and all, before and up to each run of ties in which something happened: (n_draws, n_runs) each."""
        low, high = self._before[self._low], self._before[self._high]
        hit = np.take(true, low, axis=1), np.take(true, high, axis=1)
        return hit, (np.take(everyone, self._low, axis=1), np.take(everyone, self._high, axis=1))

    def _off(self, drawn: Weights, total: npt.NDArray[np.integer]) -> Floats:
        off = np.zeros(len(drawn))
        for start, stop in itertools.pairwise(self._bins):
            off += np.abs(drawn[:, start:stop].astype(np.float64) @ self._miss[start:stop])
        return ratio(off, total.astype(np.float64))

    def _reached(self, everyone: Weights, true: Weights, shares: Floats) -> Floats:
        """(n_shares, n_draws) how many that happened are among the first so many; a run of ties is taken in proportion."""
        draw = np.arange(len(everyone))
        target = shares[:, None] * everyone[:, -1]
        # Whole numbers are sought among whole numbers: a row is not copied to compare it.
        whole = zip(everyone, target.T.astype(np.int32), strict=True)
        last = np.array([np.searchsorted(row, most, "right") - 1 for row, most in whole]).T
        run = np.minimum(np.searchsorted(self._ends, last, "right"), len(self._ends) - 1)
        low, high = self._ends[run - 1], self._ends[run]
        seen, hit = everyone[draw, low], true[draw, self._before[low]]
        share = np.nan_to_num(ratio(target - seen, (everyone[draw, high] - seen).astype(np.float64)))
        return np.asarray(hit + share * (true[draw, self._before[high]] - hit), np.float64)


def _area(everyone: Weights, true: Weights, hit: _Runs, seen: _Runs) -> Floats:
    """What did not happen and is ranked above, ties half, for each that happened: the area left out."""
    positive = true[:, -1].astype(np.float64)
    pairs = positive * (everyone[:, -1] - positive)
    above = (seen[0] + seen[1] - hit[0] - hit[1]).astype(np.float64)
    return ratio(pairs - 0.5 * ((hit[1] - hit[0]) * above).sum(axis=1), pairs)


def equal_bins(ordered: Floats) -> Integers:
    """Where at most 15 bins of about equal mass begin and end among ordered values; equal values stay together.

    >>> equal_bins(np.full(100, 0.2)).tolist(), equal_bins(np.arange(30.0))[:4].tolist()
    ([0, 100], [0, 2, 4, 6])
    """
    if not len(ordered):
        return np.zeros(1, np.int64)
    ends = np.append(np.flatnonzero(np.diff(ordered)) + 1, len(ordered))
    wanted = np.linspace(0, len(ordered), BINS + 1)[1:]
    return np.unique(np.concatenate(([0], ends[np.searchsorted(ends, np.floor(wanted))])))


def _running(drawn: Weights) -> Weights:
    """(n_draws, n_rows + 1) sums of the first so many."""
    sums = np.zeros((len(drawn), drawn.shape[1] + 1), np.int32)
    np.cumsum(drawn, axis=1, out=sums[:, 1:])
    return sums
