"""The worked policies: every line of every ``expected.csv``."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from programmes import Pages, to_histories

from features.histories import Histories
from features.policy import TierPolicy
from features.tiers import tier_at

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[1] / "examples" / "policies").glob("*/policy.yaml"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def read(folder: Path) -> tuple[list[str], Histories]:
    """Members in order, and their histories."""
    diaries: dict[str, Pages] = {}
    has_points = False
    orders: dict[tuple[str, str], set[str]] = {}
    for row in rows(folder / "transactions.csv"):
        day, units = row["timestamp"][:10], round(float(row["amount"]) * 10_000)
        page = diaries.setdefault(row["customer_id"], {}).setdefault(dt.date.fromisoformat(day), {})
        has_points |= "points" in row
        if units < 0:
            page["returned"] = page.get("returned", 0) - units
            continue
        orders.setdefault((row["customer_id"], day), set()).add(row["order_id"])
        page["orders"] = len(orders[row["customer_id"], day])
        page["gross"] = page.get("gross", 0) + units
        page["earned"] = page.get("earned", 0) + int(row.get("points") or 0)
    kinds = set()
    if (folder / "events.csv").exists():
        for row in rows(folder / "events.csv"):
            page = diaries[row["customer_id"]].setdefault(dt.date.fromisoformat(row["timestamp"][:10]), {})
            key = f"event:{row['kind']}"
            page[key] = page.get(key, 0) + int(row["count"])
            kinds.add(row["kind"])
    joined: dict[str, dt.date] = {}
    if (folder / "members.csv").exists():
        joined = {row["customer_id"]: dt.date.fromisoformat(row["joined"]) for row in rows(folder / "members.csv")}
    members = sorted(diaries)
    histories = to_histories([(diaries[member], joined.get(member)) for member in members], kinds=sorted(kinds))
    if not has_points:
        del histories.visits.values["points_earned"], histories.visits.values["points_used"]
        del histories.returns.values["points_back"]
    return members, histories


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_member_holds_the_tier_that_is_expected(folder: Path) -> None:
    policy = TierPolicy.from_yaml(folder / "policy.yaml")
    members, histories = read(folder)
    expected = rows(folder / "expected.csv")
    dates = sorted({dt.date.fromisoformat(row["date"]) for row in expected})
    tiers = tier_at(histories, policy, dates)
    np.testing.assert_array_equal(tier_at(histories, policy, dates, compiled=True), tiers)
    found = [
        policy.tier_names[tiers[members.index(row["member"]), dates.index(dt.date.fromisoformat(row["date"]))]]
        for row in expected
    ]
    wrong = [
        (row["member"], row["date"], row["tier"], name)
        for row, name in zip(expected, found, strict=True)
        if row["tier"] != name
    ]
    assert wrong == []
    assert set(members) == {row["member"] for row in expected}


def test_there_are_four() -> None:
    assert [folder.name for folder in FOLDERS] == ["airline_miles", "hotel_nights", "retail_points", "shop_spend"]
