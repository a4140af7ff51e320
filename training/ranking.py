"""Figures of a ranking, for many weightings at once: the rows are sorted once, then weights are summed along."""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
import numpy.typing as npt

from features.operators import Floats, Integers
from training.resampling import Weights, ratio

BINS: Final = 15
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
        self._y = (np.asarray(y)[order] > 0).astype(np.int32)
        self._miss = self._y - sorted_p
        ends = np.append(np.flatnonzero(np.diff(sorted_p)) + 1, len(p)) if len(p) else np.zeros(0, np.int64)
        self._ends = np.concatenate(([0], ends))
        happened = np.diff(np.concatenate(([0], np.cumsum(self._y)))[self._ends]) > 0
        self._high, self._low = self._ends[1:][happened], self._ends[:-1][happened]
        self._bins = equal_bins(sorted_p)

    def __call__(self, weights: Weights) -> dict[str, Floats]:
        """(n_draws,) each: 'AUC', 'PR AUC', 'ECE' and 'lift 5 %' ...; NaN where the weights leave one outcome only.

        AUC: P(one that happened is ranked above one that did not), ties half. PR AUC: average precision, the mean over what
        happened of the precision at its place, ties at the end of their run. ECE: over bins of equal mass, the same for
        every draw, mean distance of share and mean probability, weighted by bin (Naeini et al. 2015). Lift at a share: how
        many times as many as at random are among the ranked first.
        """
        drawn = np.take(weights, self._member, axis=1)
        everyone, true = _running(drawn), _running(drawn * self._y)
        total, positive = everyone[:, -1].astype(np.float64), true[:, -1].astype(np.float64)
        negative = total - positive
        hit, seen = true[:, self._high].astype(np.float64), everyone[:, self._high]
        hit_before, seen_before = true[:, self._low], everyone[:, self._low]
        gained = hit - hit_before
        above = 0.5 * (seen + seen_before - hit - hit_before)
        precision = hit / np.maximum(seen, 1)
        found = {
            "AUC": ratio(positive * negative - (gained * above).sum(axis=1), positive * negative),
            "PR AUC": ratio((gained * precision).sum(axis=1), positive),
            "ECE": self._calibration(drawn, total),
        }
        for share, reached in zip(SHARES, self._reached(everyone, true, np.array(SHARES)), strict=True):
            found[f"lift {share * 100:g} %"] = ratio(reached, share * positive)
        return found

    def gain(self, weights: Weights, shares: Floats) -> Floats:
        """(n_shares, n_draws) share of all that happened which is among the first so many; NaN where nothing did."""
        drawn = np.take(weights, self._member, axis=1)
        true = _running(drawn * self._y)
        return ratio(self._reached(_running(drawn), true, shares), np.broadcast_to(true[:, -1:].T, (len(shares), len(true))))

    def _calibration(self, drawn: Weights, total: Floats) -> Floats:
        off = np.zeros(len(drawn))
        for start, stop in itertools.pairwise(self._bins):
            off += np.abs(drawn[:, start:stop].astype(np.float64) @ self._miss[start:stop])
        return ratio(off, total)

    def _reached(self, everyone: Weights, true: Weights, shares: Floats) -> Floats:
        """(n_shares, n_draws) how many that happened are among the first so many; a run of ties is taken in proportion."""
        draw = np.arange(len(everyone))
        target = shares[:, None] * everyone[:, -1]
        # Whole numbers are sought among whole numbers: a row is not copied to compare it.
        whole = zip(everyone, target.T.astype(np.int32), strict=True)
        last = np.array([np.searchsorted(row, most, "right") - 1 for row, most in whole]).T
        run = np.minimum(np.searchsorted(self._ends, last, "right"), len(self._ends) - 1)
        low, high = self._ends[run - 1], self._ends[run]
        seen = everyone[draw, low]
        share = ratio(target - seen, (everyone[draw, high] - seen).astype(np.float64))
        return np.asarray(true[draw, low] + np.nan_to_num(share) * (true[draw, high] - true[draw, low]), np.float64)


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
