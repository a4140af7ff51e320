"""All that is read of histories, to the bit: every operator and the policy's word on every member at some cutoffs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from every_operator import EXPRESSIONS

from features.expressions import evaluate
from features.histories import Histories
from features.policy import TierPolicy
from features.single import Single, names
from features.tiers import tier_state

POLICY = TierPolicy.from_dict(
    {
        "programme": "P",
        "tiers": [{"name": "A"}, {"name": "B", "reach": 50.0}, {"name": "C", "reach": 400.0}],
        "metric": "spend",
        "window": {"rolling_days": 60},
        "review": "anniversary",
    }
)


def read_of(histories: Histories, cutoffs: Sequence[int]) -> list[bytes]:
    """One entry a cutoff and member, given as day numbers."""
    found = []
    for cutoff in cutoffs:
        for member in range(len(histories)):
            values = evaluate(EXPRESSIONS, names(Single(histories, member, cutoff, 28)))
            found.append(np.array(values, np.float64).tobytes())
        if histories.has_amounts:
            everyone = np.arange(len(histories))
            state = tier_state(histories, everyone, np.full(len(everyone), cutoff), 28, POLICY)
            found.append(b"".join(getattr(state, name).tobytes() for name in ("spend", "carry", "tier", "need", "keep_by")))
    return found
