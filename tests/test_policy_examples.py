"""The worked policies: every line of every ``expected.csv``, from files to tiers as anyone would read them."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from features.events import attach_events, check_events
from features.histories import Histories
from features.members import attach_members, check_members
from features.policy import TierPolicy
from features.reading import from_log
from features.tiers import tier_at
from features.verdicts import check

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[1] / "examples" / "policies").glob("*/policy.yaml"))


def read(folder: Path) -> Histories:
    histories = from_log(check(folder / "transactions.csv", whole_log=False))
    if (folder / "members.csv").exists():
        histories, _ = attach_members(histories, check_members(folder / "members.csv"))
    if (folder / "events.csv").exists():
        histories = attach_events(histories, check_events(folder / "events.csv"))
    return histories


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_member_holds_the_tier_that_is_expected(folder: Path) -> None:
    policy = TierPolicy.from_yaml(folder / "policy.yaml")
    histories = read(folder)
    with (folder / "expected.csv").open(newline="") as lines:
        expected = list(csv.DictReader(lines))
    members, dates = histories.members.tolist(), sorted({dt.date.fromisoformat(row["date"]) for row in expected})
    tiers = tier_at(histories, policy, dates)
    np.testing.assert_array_equal(tier_at(histories, policy, dates, compiled=True), tiers)
    found = [tiers[members.index(row["member"]), dates.index(dt.date.fromisoformat(row["date"]))].item() for row in expected]
    names = ["not yet a member" if tier < 0 else policy.tier_names[tier] for tier in found]
    wrong = [
        (row["member"], row["date"], row["tier"], name)
        for row, name in zip(expected, names, strict=True)
        if row["tier"] != name
    ]
    assert wrong == []
    assert set(members) == {row["member"] for row in expected}


def test_there_are_four() -> None:
    assert [folder.name for folder in FOLDERS] == ["airline_miles", "hotel_nights", "retail_points", "shop_spend"]
