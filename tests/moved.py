"""Made-up campaigns whose truth is known: who is moved by each arm, and that it is not who is likely to leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from retention.trial.table import TrialTable

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Campaign:
    """``effects`` is (n, n_treatments) what each treatment truly adds to the probability of returning."""

    trial: TrialTable
    effects: Floats
    p_leave: Floats


def campaign(
    n: int = 3_000,
    seed: int = 0,
    *,
    weights: tuple[float, ...] = (0.5, 0.5),
    moved: float = 0.3,
    everyone: float = 0.0,
    noise: int = 4,
) -> Campaign:
    """Members whose p of leaving follows ``recency``; who shops on ``app`` and returns anyway is moved, by ``moved``.

    Each further treatment moves those of another city instead. ``everyone`` is what any treatment adds to everybody.
    """
    rng = np.random.default_rng(seed)
    recency = rng.gamma(2.0, 20.0, n)
    app = rng.random(n) < 0.3
    city = rng.choice(["north", "south", "west"], n)
    p_leave = np.clip(0.15 + 0.5 * (1.0 - np.exp(-recency / 40.0)) - 0.1 * app, 0.02, 0.9)
    arm = rng.choice(len(weights), n, p=np.array(weights) / sum(weights))
    who = [app, city == "south", city == "west"]
    effects = np.stack([everyone + moved * who[k] for k in range(len(weights) - 1)], axis=1)
    added = np.where(arm > 0, effects[np.arange(n), np.maximum(arm - 1, 0)], 0.0)
    returned = (rng.random(n) < np.clip(1.0 - p_leave + added, 0.0, 1.0)).astype(np.float64)
    effects = np.clip(1.0 - p_leave[:, None] + effects, 0.0, 1.0) - (1.0 - p_leave[:, None])
    spend = returned * rng.gamma(2.0, 20.0, n)
    visits: Any = rng.poisson(3.0, n).astype(np.float64)
    visits[rng.random(n) < 0.1] = np.nan
    known = {
        "recency": recency,
        "app": np.where(app, "yes", "no").astype(object),
        "city": city.astype(object),
        "visits": visits,
        "p_churn": p_leave,
        **{f"noise_{k}": rng.normal(size=n) for k in range(noise)},
    }
    names = ("control", *("mail", "call", "gift")[: len(weights) - 1])
    ids = np.array([f"m{i}" for i in range(n)], dtype=object)
    return Campaign(TrialTable(ids, arm, names, {"returned": returned, "spend": spend}, known), effects, p_leave)
