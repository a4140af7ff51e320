"""The table a retention desk draws up by hand: of members alike in recency, frequency and spend, how many left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from features.operators import Floats, Integers

BANDS: Final = 5
STRENGTH: Final = 20.0
"""Members' worth of the coarser table that each cell is mixed with."""


@dataclass(frozen=True, eq=False)
class RfmTable:
    """Shares that left by band: of the first column alone, of the first two, and of all, each drawn in to the one before.

    ``edges``: by column, the inner bounds of its bands. ``shares``: by level, (BANDS,) * (level + 1).
    """

    edges: tuple[Floats, ...]
    shares: tuple[Floats, ...]

    @classmethod
    def fit(cls, columns: Floats, left: npt.NDArray[np.bool_]) -> RfmTable:
        """Bands of about equal mass in training rows; a cell with n members who left k times says
        (k + 20 x the coarser cell's share) / (n + 20).

        Parameters
        ----------
        columns : (n_rows, 3), recency first
        left : (n_rows,)

        >>> one = RfmTable.fit(np.zeros((20, 3)), np.array([True] * 10 + [False] * 10))
        >>> one.predict(np.ones((1, 3))).tolist()
        [0.5]
        """
        levels = np.linspace(0.0, 1.0, BANDS + 1)[1:-1]
        edges = tuple(np.unique(np.quantile(column, levels)) for column in columns.T)
        bands = _bands(edges, columns)
        shares: list[Floats] = []
        prior = np.array(left.mean())
        for level in range(1, bands.shape[1] + 1):
            shape = (BANDS,) * level
            cell = np.ravel_multi_index(tuple(bands[:, :level].T), shape)
            size = np.bincount(cell, minlength=BANDS**level).reshape(shape)
            gone = np.bincount(cell, weights=left, minlength=BANDS**level).reshape(shape)
            prior = (gone + STRENGTH * prior[..., None]) / (size + STRENGTH)
            shares.append(prior)
        return cls(edges, tuple(shares))

    def predict(self, columns: Floats) -> Floats:
        """(n_rows,) share that left in each row's cell."""
        return np.asarray(self.shares[-1][tuple(_bands(self.edges, columns).T)])


def _bands(edges: tuple[Floats, ...], columns: Floats) -> Integers:
    found = [np.searchsorted(edge, column, side="left") for edge, column in zip(edges, columns.T, strict=True)]
    return np.stack(found, axis=1).astype(np.int64)
