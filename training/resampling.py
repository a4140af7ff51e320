"""The bootstrap over members: drawn once, shared by every figure, so that any two figures are paired.

A figure is reckoned from weights: how often each member was drawn counts for all of the member's rows. The first draw
counts everybody once: it gives the value itself, the others its spread.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Final, Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from features.operators import Floats, Integers

RESAMPLES: Final = 300
_AT_ONCE: Final = 300_000
"""Rows x draws weighed at a time: bounds the memory, and stays near the cache."""

Weights: TypeAlias = npt.NDArray[np.int32]
Key = TypeVar("Key", bound=Hashable)
Figures: TypeAlias = Callable[[Weights], Mapping[Key, Floats]]
"""From (n_draws, n_members) weights to (n_draws,) values by key."""


def positions(members: npt.NDArray[np.integer]) -> tuple[Integers, int]:
    """Members numbered from 0, (n_rows,), and how many there are.

    >>> positions(np.array([7, 3, 7]))
    (array([1, 0, 1]), 2)
    """
    found, at = np.unique(members, return_inverse=True)
    return at.astype(np.int64), len(found)


def draws(members: int, *, rows: int, resamples: int = RESAMPLES, seed: int = 0) -> Iterator[Weights]:
    """Parts of a (1 + resamples, members) matrix of counts, the first row all ones; each part suits so many rows.

    The same whatever its parts.
    """
    rng = np.random.default_rng(seed)
    step = max(1, _AT_ONCE // max(rows, 1))
    for start in range(0, resamples + 1, step):
        part = np.ones((min(step, resamples + 1 - start), members), np.int32)
        for i in range(len(part)):
            if start + i:
                part[i] = np.bincount(rng.integers(members, size=members), minlength=members)
        yield part


def resampled(
    members: int, figures: Sequence[Figures[Key]], *, rows: int, resamples: int = RESAMPLES, seed: int = 0
) -> dict[Key, Floats]:
    """Every figure at every draw, (1 + resamples,) by key, in one pass over the draws.

    Parameters
    ----------
    members : how many the weights are about
    rows : of the longest figure, which bounds how much is done at a time
    """
    found: dict[Key, list[Floats]] = {}
    for weights in draws(members, rows=rows, resamples=resamples, seed=seed):
        for figure in figures:
            for key, values in figure(weights).items():
                found.setdefault(key, []).append(values)
    return {key: np.concatenate(parts) for key, parts in found.items()}


class Means(Generic[Key]):
    """Weighted means over rows of several values a row: summed by member once, then one product for each draw.

    >>> found = Means({"a": np.array([1.0, 3.0, 5.0])}, np.array([0, 0, 1]), 2)(np.array([[1, 1], [2, 0]], np.int32))
    >>> found["a"].tolist()
    [3.0, 2.0]
    """

    def __init__(self, values: Mapping[Key, Floats], member: Integers, members: int) -> None:
        self._keys = list(values)
        sums = [np.bincount(member, weights=column, minlength=members) for column in values.values()]
        self._sums = np.stack([*sums, np.bincount(member, minlength=members).astype(np.float64)], axis=1)

    def __call__(self, weights: Weights) -> dict[Key, Floats]:
        """(n_draws,) mean by key."""
        totals = weights.astype(np.float64) @ self._sums
        return {key: ratio(totals[:, i], totals[:, -1]) for i, key in enumerate(self._keys)}


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Elementwise quotient, NaN where the denominator is 0."""
    there = denominator != 0
    return np.where(there, numerator / np.where(there, denominator, 1.0), np.nan)
