"""How many forecasts have each pair of the tier held and the likeliest next."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from features.operators import Floats

Pair: TypeAlias = tuple[str | None, str | None]
_NONE = -1


def tier_pairs(held: Floats, chances: Floats, names: Sequence[str]) -> dict[Pair, int]:
    """Counts by pair of names; None where there is no tier, or none is forecast.

    Parameters
    ----------
    held : (n,) positions of tiers, NaN for none
    chances : (n, n_tiers) probabilities of each tier next, NaN where none is forecast; of equals the first is the likeliest

    >>> tier_pairs(np.array([0.0, 0.0, np.nan]), np.array([[0.4, 0.6], [0.1, 0.9], [np.nan, np.nan]]), ["Member", "Gold"])
    {('Member', 'Gold'): 2, (None, None): 1}
    """
    if len(held) == 1:  # plain Python is done before numpy has begun
        (tier,), (own,) = held.tolist(), chances.tolist()
        likely = own.index(max(own)) if own and not math.isnan(own[0]) else _NONE
        return {(_name(names, _NONE if math.isnan(tier) else int(tier)), _name(names, likely)): 1}
    tiers = np.where(np.isnan(held), _NONE, held).astype(np.int64)
    if chances.shape[1]:
        likeliest = np.where(np.isnan(chances[:, 0]), _NONE, chances.argmax(axis=1))
    else:
        likeliest = np.full(len(held), _NONE)
    counts = Counter(zip(tiers.tolist(), likeliest.tolist(), strict=True))
    return {(_name(names, tier), _name(names, likely)): count for (tier, likely), count in counts.items()}


def _name(names: Sequence[str], position: int) -> str | None:
    return None if position == _NONE else names[position]
