"""Forecast tables and catalogues to plan with, made up; numbers that agree with each other as a forecaster's do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa

from retention.plan.audience import Audience, audience_of
from retention.plan.catalogue import Catalogue

SECRET = b"a secret of thirty-two characters"
AS_OF = dt.date(2020, 3, 1)
TIERS = ("Base", "Silver", "Gold")
BANDS = np.array(["cold", "cool", "warm", "hot"])


def forecasts(n: int = 300, seed: int = 0, *, value_of: str = "margin", ids: Any = None, **columns: Any) -> pa.Table:
    """As ``tiercast score`` writes it, as far as a plan reads it."""
    random = np.random.default_rng(seed)
    p = random.beta(1.0, 3.0, n).clip(0.001, 0.999)
    stays = random.gamma(2.0, 100.0, n)
    otherwise = stays * random.uniform(0.0, 0.6, n)
    spend = random.gamma(2.0, 60.0, n)
    tier = random.integers(0, len(TIERS), n)
    chances = random.dirichlet(np.ones(len(TIERS)), n)
    table = {
        "customer_id": np.arange(n) + 1 if ids is None else ids,
        "as_of": [AS_OF] * n,
        "horizon_days": np.full(n, 28, np.int32),
        "p_churn": p,
        "temperature_band": BANDS[np.digitize(1.0 - p, [0.2, 0.5, 0.8])],
        "expected_spend": (1.0 - p) * spend,
        "expected_value": (1.0 - p) * stays + p * otherwise,
        "value_at_risk": p * stays,
        "value_of": [value_of] * n,
        "stage": np.array(["repeat", "loyal"])[random.integers(0, 2, n)],
        "tier": np.array(TIERS)[tier],
        **{f"p_tier_{name}": chances[:, t] for t, name in enumerate(TIERS)},
        "reason_1_sentence": ["Buys every 9 days, last 30 days ago: raises the risk of leaving."] * n,
        "reason_2_sentence": [None] * n,
        **columns,
    }
    return pa.table({name: pa.array(values) for name, values in table.items()})


def audience(n: int = 300, seed: int = 0, *, consent: int | None = 1, **columns: Any) -> Audience:
    """The same, all having agreed to be contacted."""
    found = audience_of(forecasts(n, seed, **columns))
    if consent is not None:
        found.consent[:] = consent
    return found


def action(called: str = "call", **said: Any) -> dict[str, Any]:
    """One action as YAML has it."""
    plain = {
        "id": called,
        "name": {"en": called.capitalize(), "zh": f"措施{called}"},
        "channel": "phone",
        "cost": 3.0,
        "effect": {"return": {"mean": 0.08, "sd": 0.02}},
    }
    return {**plain, **said}


CALL = action()
MAIL = action("mail", channel="post", cost=0.5, effect={"return": {"mean": 0.02, "sd": 0.01}})
POINTS = action(
    "points",
    channel="app",
    needs_contact=False,
    cost={"per_spend": 0.02},
    who={"tiers": ["Silver", "Gold"]},
    effect={"return": {"mean": 0.2, "scale": "log_odds"}, "spend": {"mean": 0.1, "sd": 0.05}},
)


def catalogue(*actions: dict[str, Any], **said: Any) -> Catalogue:
    """A catalogue of these actions, by default three, with a tenth kept back."""
    content = {"campaign": "spring", "margin_share": 0.3, "actions": list(actions or (CALL, MAIL, POINTS)), **said}
    return Catalogue.from_dict(content)
