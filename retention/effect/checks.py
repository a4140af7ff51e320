"""Whether a trial's arms can be compared at all: as many in each as was meant, and alike before anything was done.

Sample ratio: the arms' sizes against the intended shares, by chi-square, within each stratum and over all (Fabijan et al.
2019). Balance: the arms' standardised differences in what was known before, and one joint test of them all (Hansen and
Bowers 2008): Hotelling's T-square within strata, of ranks, which do not mind skewed spend. Drawn by lot, a trial fails
either once in a thousand times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import special  # type: ignore[import-untyped]

from features.operators import Floats, Integers
from retention.effect.corrected import holm
from retention.trial.table import TrialTable

ALARM: Final = 0.001
"""p below which arms are said not to be comparable."""
_MOST_TEXTS: Final = 12
"""Values of a text column that are compared, the most frequent ones."""


@dataclass(frozen=True)
class SampleRatio:
    """One stratum's arms: members there, members meant, and p of a gap as wide by lot; p is corrected for several strata."""

    stratum: str
    counts: tuple[int, ...]
    meant: tuple[float, ...]
    p: float


@dataclass(frozen=True)
class Balance:
    """Differences at the start, treated less control.

    Parameters
    ----------
    differences : by covariate, in standard deviations of all members, within strata
    p : of differences as large by lot, all taken together; NaN where there was nothing to compare
    """

    differences: Mapping[str, float]
    p: float

    @property
    def widest(self) -> str:
        """The covariate that differs most."""
        return max(self.differences, key=lambda name: abs(self.differences[name]))


def sample_ratio(trial: TrialTable, shares: Sequence[float] | Mapping[str, Sequence[float]]) -> tuple[SampleRatio, ...]:
    """Arms' sizes against the shares that were meant: over all where these are the same everywhere, and by stratum.

    Parameters
    ----------
    shares : of each arm, the control first; one for all strata, or by the stratum's name

    >>> trial = TrialTable(np.arange(1000), np.repeat([0, 1], [150, 850]), ("hold-out", "treated"), {"spend": np.ones(1000)})
    >>> [found] = sample_ratio(trial, (0.1, 0.9))
    >>> found.meant, found.p < 0.001
    ((100.0, 900.0), True)
    """
    strata = trial.strata if trial.strata is not None else np.zeros(len(trial), np.int64)
    names = trial.strata_names or ("all",)
    found = []
    for code, name in enumerate(names):
        own = trial.arm[strata == code]
        if not len(own):
            continue
        share = np.asarray(shares[name] if isinstance(shares, Mapping) else shares, np.float64)
        counts = np.bincount(own, minlength=len(trial.arm_names))
        meant = share / share.sum() * len(own)
        found.append(SampleRatio(name, tuple(counts.tolist()), tuple(meant.tolist()), _fits(counts, meant)))
    if len(found) > 1:
        p = holm([one.p for one in found])
        found = [SampleRatio(one.stratum, one.counts, one.meant, own) for one, own in zip(found, p, strict=True)]
        counts, meant = (np.sum([getattr(one, part) for one in found], axis=0) for part in ("counts", "meant"))
        found.append(SampleRatio("all", tuple(counts.tolist()), tuple(meant.tolist()), _fits(counts, meant)))
    return tuple(found)


def _fits(counts: npt.NDArray[Any], meant: Floats) -> float:
    """The p of chi-square; of the exact binomial where two arms are small."""
    possible = meant > 0
    if (counts[~possible] > 0).any():
        return 0.0
    counts, meant = counts[possible], meant[possible]
    if len(counts) < 2:
        return 1.0
    if len(counts) == 2 and meant.min() < 20:
        n, share, k = int(counts.sum()), float(meant[0] / meant.sum()), int(counts[0])
        below, above = float(special.bdtr(k, n, share)), 1.0 - (float(special.bdtr(k - 1, n, share)) if k else 0.0)
        return min(1.0, 2.0 * min(below, above))
    return float(special.chdtrc(len(counts) - 1, ((counts - meant) ** 2 / meant).sum()))


def balance(trial: TrialTable) -> Balance:
    """One treatment against the control: how they differ in the trial's covariates, within strata.

    Parameters
    ----------
    trial : with two arms (TrialTable.against)
    """
    columns = dict(_columns(trial.covariates))
    stratum = trial.strata if trial.strata is not None else np.zeros(len(trial), np.int64)
    treated = trial.treated()
    differences = {}
    for name, values in columns.items():
        inside = _centred(values[:, None], stratum)[:, 0]
        spread = float(inside.std())
        differences[name] = float(_slope(inside, treated, stratum) / spread) if spread > 0 else 0.0
    ranks = np.column_stack([_ranks(values) for values in columns.values()]) if columns else np.zeros((len(trial), 0))
    return Balance(differences, _joint(ranks, treated, stratum))


def _columns(covariates: Mapping[str, npt.NDArray[Any]]) -> list[tuple[str, Floats]]:
    """Numbers as they are, texts as one column a value; where one is not known, a column says so."""
    columns: list[tuple[str, Floats]] = []
    for name, values in covariates.items():
        if values.dtype.kind in "fiub":
            known = values.astype(np.float64)
            missing = np.isnan(known)
            if not missing.all():
                columns.append((name, np.where(missing, known[~missing].mean(), known)))
            if missing.any() and not missing.all():
                columns.append((f"{name} not known", missing.astype(np.float64)))
            continue
        found, counts = np.unique(values, return_counts=True)
        most = found[np.argsort(-counts, kind="stable")][:_MOST_TEXTS].tolist()
        columns += [(f"{name} {text or 'not known'}", (values == text).astype(np.float64)) for text in most]
    return columns


def _joint(columns: Floats, treated: npt.NDArray[np.bool_], stratum: Integers) -> float:
    """The p of Hotelling's T-square within strata: the F test of the arm's regression on the columns."""
    inside, arm = _centred(columns, stratum), _centred(treated.astype(np.float64)[:, None], stratum)[:, 0]
    spread = inside.std(axis=0)
    inside = inside[:, spread > 1e-12]
    if not inside.shape[1]:
        return float("nan")
    u, s, _ = np.linalg.svd(inside / spread[spread > 1e-12], full_matrices=False)
    u = u[:, s > 1e-8 * s[0]]
    k, rest = u.shape[1], len(arm) - u.shape[1] - len(np.unique(stratum))
    if rest < 1:
        return float("nan")
    total, told = float(arm @ arm), float(((u.T @ arm) ** 2).sum())
    if total <= 0:
        return float("nan")
    left = max(total - told, 0.0)
    return 0.0 if left <= 1e-12 * total else float(special.fdtrc(k, rest, told / k / (left / rest)))


def _centred(columns: Floats, stratum: Integers) -> Floats:
    """Columns less their means within strata."""
    if not columns.shape[1]:
        return columns
    counts = np.maximum(np.bincount(stratum), 1)
    means = np.stack([np.bincount(stratum, column, minlength=len(counts)) / counts for column in columns.T], axis=1)
    return np.asarray(columns - means[stratum])


def _slope(inside: Floats, treated: npt.NDArray[np.bool_], stratum: Integers) -> float:
    """Treated less control of a column centred within strata."""
    arm = _centred(treated.astype(np.float64)[:, None], stratum)[:, 0]
    square = float(arm @ arm)
    return float(arm @ inside) / square if square > 0 else 0.0


def _ranks(values: Floats) -> Floats:
    """(n,) ranks, ties sharing their mean."""
    _, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[at])
