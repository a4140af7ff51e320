"""A small programme with all that descriptions read: a log with costs, events, a member table with names in it, a policy."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

NAME, MAIL = "Jane Doe", "jane@example.org"
POLICY = """programme: Corner shop
tiers: [{name: Member}, {name: Silver, reach: 100.0}, {name: Gold, reach: 300.0}]
metric: spend
returns: net
window: {rolling_days: 60}
"""
SETTINGS = """transactions: log.csv
columns: {customer_id: card, timestamp: day, amount: paid, cost: cost, quantity: units}
policy: policy.yaml
events: {path: events.csv, columns: {customer_id: card, timestamp: day, kind: what, score: stars}}
members: {path: members.csv, columns: {customer_id: card, joined: since, consent: mail_ok}}
standing: {period_days: 14, satisfaction: 4}
"""
AS_OF = dt.date(2020, 3, 1)


def write_programme(folder: Path) -> Path:
    """Its files; returns the settings' path."""
    rows = []
    for ago in (51, 38, 25, 12, 3):  # a regular
        rows.append(("0001", ago, 65.0, 40.0, 2))
    rows += [
        ("0001", 2, -5.0, -3.0, -1),
        ("0002", 20, 95.0, 50.0, 3),
        ("0003", 70, 250.0, 100.0, 5),
        ("0003", 1, 4.0, 2.0, 1),
    ]
    log = pd.DataFrame(rows, columns=["card", "day", "paid", "cost", "units"])
    log["day"] = [(AS_OF - dt.timedelta(days=ago)).isoformat() for ago in log.day]
    log["name"], log["email"] = NAME, MAIL
    log.to_csv(folder / "log.csv", index=False)
    events = pd.DataFrame(
        [
            ("0001", "2020-02-20", "survey", 5, NAME, MAIL),
            ("0002", "2020-02-20", "sent", None, NAME, MAIL),
            ("9999", "2020-02-20", "sent", None, NAME, MAIL),
            ("0001", "soon", "sent", None, NAME, MAIL),
        ],
        columns=["card", "day", "what", "stars", "name", "email"],
    )
    events.to_csv(folder / "events.csv", index=False)
    members = pd.DataFrame(
        [
            ("0001", "2019-12-24", "ja", NAME, MAIL),
            ("0002", "", "否", NAME, MAIL),
            ("0004", "2020-02-01", "yes", NAME, MAIL),
            ("0005", "2020-03-01", "yes", NAME, MAIL),
            ("0006", "2020-02-01", "perhaps", NAME, MAIL),
        ],
        columns=["card", "since", "mail_ok", "name", "email"],
    )
    members.to_csv(folder / "members.csv", index=False)
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (folder / "tiercast.yaml").write_text(SETTINGS, encoding="utf-8")
    return folder / "tiercast.yaml"
