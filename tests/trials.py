"""Simulated trials whose truth is known: members of all kinds, a forecast of each, arms drawn by lot, an effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.operators import Floats, Integers


@dataclass(frozen=True)
class Simulated:
    """One campaign: (n,) columns; ``truth`` is the effect on the mean over the population, by outcome."""

    treated: np.ndarray
    strata: Integers
    p_churn: Floats
    expected_spend: Floats
    returned: Floats
    spend: Floats
    truth: dict[str, float]


def simulate(
    rng: np.random.Generator,
    members: int,
    share: float = 0.2,
    *,
    more_return: float = 0.05,
    rarely: float = 0.0,
    skew: float = 1.0,
    by_tier: bool = False,
) -> Simulated:
    """Arms by lot, ``share`` held out; three tiers, whose hold-out differs where ``by_tier``.

    Parameters
    ----------
    more_return : gained by the treated in the probability of coming back
    rarely : subtracted from the log-odds of coming back
    skew : of spend given a return: the log-normal's sigma
    """
    tier = rng.choice(3, members, p=[0.6, 0.3, 0.1])
    score = rng.normal(size=members) + 0.6 * tier - rarely
    p_return = 0.9 / (1.0 + np.exp(-score))
    shares = np.array([0.5, 1.0, 1.5])[tier] * share if by_tier else np.full(members, share)
    treated = np.ones(members, bool)
    for code in range(3):  # as many of each tier as its share says, by lot
        own = np.flatnonzero(tier == code)
        if len(own):
            out = max(2, round(float(shares[own[0]]) * len(own)))
            treated[rng.permutation(own)[:out]] = False
    back = rng.random(members) < np.minimum(p_return + more_return * treated, 1.0)
    level = 30.0 * np.exp(0.5 * tier + 0.6 * rng.normal(size=members))
    basket = level * np.exp(skew * rng.normal(size=members) - skew**2 / 2)
    mean_level = 30.0 * np.exp(0.6**2 / 2) * (np.exp(0.5 * np.arange(3)) @ np.array([0.6, 0.3, 0.1]))
    return Simulated(
        treated,
        tier,
        1.0 - p_return,
        p_return * level,
        back.astype(float),
        back * basket,
        {"returned": more_return, "spend": float(more_return * mean_level)},
    )
