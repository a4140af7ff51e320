"""A campaign as files: who was treated, the transactions since and before, a catalogue, a policy; its truth is known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from trials import Simulated, simulate

AS_OF = dt.date(2020, 6, 1)
HORIZON = 28
CATALOGUE = """campaign: spring   # the first
margin_share: 0.25
hold_out: {share: 0.2}
actions:
  - id: call
    name: {en: Call, zh: 电话}
    channel: phone
    cost: 3
    effect: {return: {mean: 0.05, sd: 0.05}}   # a guess
  - id: mail
    name: {en: Mail, zh: 邮件}
    channel: mail
    cost: 1
    effect: {return: {mean: 0.01, sd: 0.01}}
"""
POLICY = """programme: Corner shop
tiers: [{name: Member}, {name: Silver, reach: 50.0}, {name: Gold, reach: 100.0}]
metric: spend
window: {rolling_days: 60}
"""


def write_campaign(folder: Path, members: int = 900, seed: int = 3, **given: Any) -> Simulated:
    """``log.csv``, ``campaign.csv``, ``actions.yaml`` and ``policy.yaml``; a fifth is held out."""
    rng = np.random.default_rng(seed)
    made = simulate(rng, members, 0.2, **given)
    ids = np.array([f"{i:05d}" for i in range(members)])
    visits = 1 + rng.poisson(2.0 * (1.0 - made.p_churn))
    who = np.repeat(np.arange(members), visits)
    before = np.datetime64(AS_OF) - rng.integers(1, 80, len(who)).astype("timedelta64[D]")
    spent = made.expected_spend[who] * rng.lognormal(0.0, 0.5, len(who)) + 0.01
    back = np.flatnonzero(made.returned)
    since = np.datetime64(AS_OF) + rng.integers(0, HORIZON, len(back)).astype("timedelta64[D]")
    log = pd.DataFrame(
        {
            "customer_id": np.concatenate([ids[who], ids[back], ids[:1]]),
            "timestamp": np.concatenate([before, since, [np.datetime64("2020-07-10")]]).astype(str),
            "amount": np.concatenate([spent, made.spend[back] + 0.01, [1.0]]).round(2),
        }
    )
    log.to_csv(folder / "log.csv", index=False)
    assignment(made, ids).to_csv(folder / "campaign.csv", index=False)
    (folder / "actions.yaml").write_text(CATALOGUE, encoding="utf-8")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return made


def assignment(made: Simulated, ids: Any) -> pd.DataFrame:
    """As a plan writes it, with a member whom it left out."""
    action = np.where(made.p_churn > 0.5, "call", "mail")
    frame = pd.DataFrame(
        {
            "customer_id": ids,
            "campaign": "spring",
            "as_of": AS_OF.isoformat(),
            "horizon_days": HORIZON,
            "arm": np.where(made.treated, "treated", "hold-out"),
            "action": np.where(made.treated, action, ""),
            "would_be": np.where(made.treated, "", action),
            "tier": np.array(["Member", "Silver", "Gold"])[made.strata],
            "temperature_band": np.where(made.p_churn > 0.6, "cold", "warm"),
            "p_churn": made.p_churn,
            "expected_spend": made.expected_spend,
            "cost": 1.5,
        }
    )
    left_out = frame.iloc[:1].assign(customer_id="left-out", arm="not chosen", action="", would_be="", cost=0.0)
    return pd.concat([frame, left_out], ignore_index=True)
