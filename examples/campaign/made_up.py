"""Campaigns of members who never were, to follow docs/effect.md and docs/uplift.md by.

    python examples/campaign/made_up.py FOLDER

===================================  ===============================================================================
file                                 what it is
===================================  ===============================================================================
``spring.csv``                       a campaign, as 'tiercast plan' writes it: a fifth of 3,000 members was held out
``log.csv``                          their transactions before and since; tiercast.yaml names it
``actions.yaml``, ``policy.yaml``    the catalogue that the campaign was planned with, and the tiers
``mail.csv``                         any randomised table: two mailings and a control, by thirds
``trial.csv``                        one of 10,000 members, in which some are moved, and the others are not
===================================  ===============================================================================

The same every time. In truth ``spring`` brings back 8 in a hundred, by a call as by a mail; of the mailings one brings 6 in
a hundred to the shop and the other 3; the ``trial`` moves three in ten of those who use the app and nobody else, by a
voucher as by a call, and who is likely to leave uses the app no more often than others.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import numpy as np
import pandas as pd

AS_OF = dt.date(2020, 6, 1)
HORIZON_DAYS = 28
SETTINGS = "transactions: log.csv\npolicy: policy.yaml\nhorizon_days: 28\n"
POLICY = """programme: Corner shop
tiers: [{name: Member}, {name: Silver, reach: 50.00}, {name: Gold, reach: 100.00}]
metric: spend
window: {rolling_days: 60}
"""
CATALOGUE = """campaign: spring
margin_share: 0.25                 # a quarter of spend is left
unknown_consent: included
hold_out: {share: 0.2}
actions:
  - id: call
    name: {en: Personal call, zh: 专属客服电话}
    benefit: {en: A call from the shop, zh: 门店致电回访}
    channel: phone
    cost: 3.00
    effect: {return: {mean: 0.05, sd: 0.05}}   # a guess
  - id: mail
    name: {en: A mail, zh: 邮件}
    benefit: {en: A letter with a voucher, zh: 附优惠券的邮件}
    channel: mail
    cost: 1.00
    effect: {return: {mean: 0.05, sd: 0.05}}   # a guess
"""


def main(folder: Path) -> None:
    """Write all files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("tiercast.yaml", SETTINGS), ("policy.yaml", POLICY), ("actions.yaml", CATALOGUE)):
        (folder / name).write_text(text, encoding="utf-8")
    tables = {
        **spring(np.random.default_rng(1)),
        "mail": mail(np.random.default_rng(2)),
        "trial": trial(np.random.default_rng(3)),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    sys.stdout.write(f"{', '.join(f'{name}.csv' for name in tables)} and their settings are in {folder}\n")


def spring(random: np.random.Generator, members: int = 3_000) -> dict[str, pd.DataFrame]:
    """The campaign, and the log before and since."""
    ids = np.array([f"{i:05d}" for i in range(members)])
    tier = random.choice(3, members, p=[0.6, 0.3, 0.1])
    p_return = 0.9 / (1.0 + np.exp(-random.normal(size=members) - 0.6 * tier))
    basket = 30.0 * np.exp(0.5 * tier + 0.6 * random.normal(size=members))
    held = random.random(members) < 0.2
    action = np.where(p_return < 0.5, "call", "mail")
    campaign = pd.DataFrame(
        {
            "customer_id": ids,
            "campaign": "spring",
            "as_of": AS_OF,
            "horizon_days": HORIZON_DAYS,
            "arm": np.where(held, "hold-out", "treated"),
            "action": np.where(held, "", action),
            "would_be": action,
            "cost": np.where(held, np.nan, np.where(action == "call", 3.0, 1.0)),
            "hold_out_share": 0.2,
            "tier": np.array(["Member", "Silver", "Gold"])[tier],
            "temperature_band": np.select([p_return < 0.2, p_return < 0.5, p_return < 0.8], ["cold", "cool", "warm"], "hot"),
            "p_churn": (1.0 - p_return).round(4),
            "expected_spend": (p_return * basket).round(2),
        }
    )
    start = pd.Timestamp(AS_OF)
    who = np.repeat(np.arange(members), 1 + random.poisson(2.0 * p_return))
    before = start - pd.to_timedelta(random.integers(1, 80, len(who)), "D")
    came = np.flatnonzero(random.random(members) < np.minimum(p_return + 0.08 * ~held, 1.0))
    since = start + pd.to_timedelta(random.integers(0, HORIZON_DAYS, len(came)), "D")
    rows = np.concatenate([who, came, [0]])  # somebody bought after the horizon: the log covers it
    log = pd.DataFrame(
        {
            "customer_id": ids[rows],
            "timestamp": [*before, *since, start + pd.Timedelta(days=HORIZON_DAYS + 1)],
            "amount": (basket[rows] * random.lognormal(-0.125, 0.5, len(rows))).round(2),
        }
    )
    return {"spring": campaign, "log": log.sort_values("timestamp", kind="stable")}


def mail(random: np.random.Generator, members: int = 12_000) -> pd.DataFrame:
    """Two mailings and a control, drawn by thirds; what was known before, and what came of it in two weeks."""
    arms = np.array(["No E-Mail", "Mens E-Mail", "Womens E-Mail"])
    arm = random.choice(3, members)
    recency, history = random.integers(1, 13, members), random.lognormal(5.0, 1.0, members).round(2)
    visit = random.random(members) < 0.14 - 0.006 * recency + np.array([0.0, 0.06, 0.03])[arm]
    bought = visit & (random.random(members) < 0.1)
    return pd.DataFrame(
        {
            "segment": arms[arm],
            "recency": recency,
            "history": history,
            "channel": random.choice(["Phone", "Web", "Both"], members, p=[0.44, 0.44, 0.12]),
            "visit": visit.astype(int),
            "spend": np.where(bought, random.lognormal(4.0, 0.7, members), 0.0).round(2),
        }
    )


def trial(random: np.random.Generator, members: int = 10_000) -> pd.DataFrame:
    """A call, a voucher or nothing, drawn by thirds. Ids are whole numbers from 1 on, as in the demo."""
    arm = random.choice(["control", "voucher", "call"], members)
    recency = random.exponential(40.0, members).round().astype(int)
    spend = random.lognormal(3.5, 0.8, members).round(2)
    app = random.random(members) < 0.3
    p_churn = 1.0 / (1.0 + np.exp(-(recency - 40.0) / 25.0))
    moved = (arm != "control") & app & (random.random(members) < 0.3)
    return pd.DataFrame(
        {
            "customer_id": np.arange(1, members + 1),
            "arm": arm,
            "recency_days": recency,
            "spend_91d": spend,
            "tier": np.select([spend < 40, spend < 90], ["Member", "Silver"], "Gold"),
            "app": np.where(app, "yes", "no"),
            "p_churn": p_churn.round(4),
            "returned": (moved | (random.random(members) > p_churn)).astype(int),
        }
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "campaign"))
