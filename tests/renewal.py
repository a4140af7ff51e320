"""Members simulated purchase by purchase, as the purchase process supposes them to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.operators import Floats
from training.purchase import PurchaseProcess


@dataclass(frozen=True)
class Simulated:
    """(n_members,) each: repeat purchases, days to the last and to the cutoff; purchases and days to the first one after."""

    x: Floats
    recency: Floats
    age: Floats
    ahead: Floats
    wait: Floats


def simulate(process: PurchaseProcess, members: int, *, days: float, seed: int = 0) -> Simulated:
    """Ages from a month to two years; ``days`` are followed after the cutoff."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(process.r, 1.0 / process.alpha, members)
    leaving = rng.beta(process.a, process.b, members)
    age = rng.integers(30, 731, members).astype(float)
    x, last, ahead, now = (np.zeros(members) for _ in range(4))
    wait = np.full(members, np.inf)
    active = np.flatnonzero(rng.random(members) >= leaving) if process.kind == "mbg" else np.arange(members)
    while len(active):
        now[active] += rng.exponential(1.0 / rate[active])
        active = active[now[active] <= age[active] + days]
        before = active[now[active] <= age[active]]
        after = active[now[active] > age[active]]
        x[before] += 1
        last[before] = now[before]
        ahead[after] += 1
        wait[after] = np.minimum(wait[after], now[after] - age[after])
        active = active[rng.random(len(active)) >= leaving[active]]
    return Simulated(x, last, age, ahead, wait)
