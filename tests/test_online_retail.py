"""Online Retail and Online Retail II by the settings in examples/: every figure that its description gives.

Skipped unless TIERCAST_ONLINE_RETAIL names the folder of the two Parquet files.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from features.engine import fetch
from features.quirks import Held, Signs
from features.usability import UsabilityReport, report
from features.verdicts import Checked, check
from serving.commands.options import reading
from training.config import Config, load_config

FOLDER = os.environ.get("TIERCAST_ONLINE_RETAIL")
SETTINGS = Path(__file__).parents[1] / "examples" / "online-retail.yaml"

pytestmark = pytest.mark.skipif(not FOLDER, reason="TIERCAST_ONLINE_RETAIL names no folder of the Online Retail files")


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(SETTINGS, {"transactions": str(Path(FOLDER or "") / "*.parquet")})


@pytest.fixture(scope="module")
def checked(config: Config) -> Checked:
    assert config.transactions is not None
    return check(config.transactions, config.columns, **reading(config))


@pytest.fixture(scope="module")
def summary(checked: Checked) -> UsabilityReport:
    return report(checked)


def test_rows(summary: UsabilityReport) -> None:
    assert summary.rows == 1_067_370
    assert round(summary.missing["customer_id"] * summary.rows) == 243_007
    assert summary.usable_rows + sum(summary.refused.values()) == summary.rows


def test_repetitions_and_overlap(summary: UsabilityReport) -> None:
    assert (summary.repeated_rows, summary.overlap_rows) == (12_133, 22_523)


def test_each_overlapping_row_is_refused_once(checked: Checked) -> None:
    again = fetch(checked.judged.agg(again=checked.judged.tc_again.sum()))["again"].to_pylist()
    assert again == [22_523]


def test_signs(summary: UsabilityReport) -> None:
    assert summary.signs == [Signs("Quantity", 22_950, 0), Signs("UnitPrice", 5, 6_202)]


def test_rules(summary: UsabilityReport) -> None:
    held = {rule.name: rule for rule in summary.rules}
    assert list(held) == ["cancellations", "bad debt", "no product"]
    assert held["cancellations"] == Held("cancellations", 19_494, kept=True)
    assert not held["bad debt"].kept
    assert not held["no product"].kept


def test_the_two_giant_orders_are_among_the_undone(checked: Checked, summary: UsabilityReport) -> None:
    assert summary.undone is not None
    assert summary.undone.largest == 168_469.60
    assert summary.undone.amount > 168_469.60 + 77_183.60
    giant = checked.clean.filter(checked.clean.amount.abs() > 70_000)
    lines = sorted((row["customer_id"], round(row["amount"], 2)) for row in fetch(giant).to_pylist())
    assert lines == [(12346, -77_183.6), (12346, 77_183.6), (16446, -168_469.6), (16446, 168_469.6)]


def test_members_of_both_files(checked: Checked) -> None:
    rows = checked.judged
    counts = fetch(rows.agg(members=rows["CustomerID"].nunique(), kept=(~rows.tc_again).sum())).to_pylist()
    assert counts == [{"members": 5_942, "kept": 1_044_847}]
