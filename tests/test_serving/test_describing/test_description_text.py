from __future__ import annotations

import datetime as dt
from typing import Any

import strategies

from features.daily import Line
from features.policy import TierPolicy
from serving.describing.description import described
from serving.describing.description_text import display_width, padded, to_text

POLICY = TierPolicy.from_dict(
    {
        "programme": "P",
        "metric": "spend",
        "tiers": [{"name": "普通"}, {"name": "金卡", "reach": 100.0}],
        "window": {"rolling_days": 30},
    }
)


def text(*lines: Line, language: Any = "en", **options: Any) -> list[str]:
    histories = strategies.histories({"m": list(lines)})
    date = dt.date(2016, 6, 30)
    found = described(histories, "m", date, language=language, **{"horizon_days": 7, "policy": POLICY, **options})
    return to_text(found, language).splitlines()


def test_one_order_is_singular() -> None:
    said = text(Line(dt.datetime(2016, 6, 29), 5.0))
    assert "orders           1 on 2016-06-29" in said
    assert "last days        2016-06-29  1 order          5.00" in said
    assert any("last purchase 1 day ago, 1 order, 5.00 net" in line for line in said)


def test_only_a_return() -> None:
    said = text(Line(dt.datetime(2016, 6, 1), -5.0))
    assert "joined           not known" in said
    assert "orders           none yet" in said
    assert "RFM              not available: no purchase in the log" in said


def test_many_changes_are_cut() -> None:
    lines = [Line(dt.datetime(2015, 12, 20) + dt.timedelta(days=day), -150.0 if day % 2 else 150.0) for day in range(12)]
    said = text(*lines)
    assert sum("天" in line or " needed" in line for line in said) == 10
    assert any("(3 earlier changes)" in line for line in said)


def test_what_the_policy_does_not_define_is_said() -> None:
    tiers = [*POLICY.model_dump()["tiers"], {"name": "Patron", "invitation": True}]
    rules = TierPolicy.from_dict({**POLICY.model_dump(), "tiers": tiers})
    said = text(Line(dt.datetime(2016, 6, 29), 150.0), policy=rules)
    assert "keeps it         nothing more is needed to hold 金卡 on 2016-07-07" in said
    assert any(line.startswith("lifts it         Patron: not defined, because") for line in said)


def test_reviews_that_change_nothing_are_told_by_their_kind() -> None:
    year = {"calendar": "year"}
    rules = TierPolicy.from_dict({**POLICY.model_dump(), "window": year, "review": "period_end"})
    said = text(Line(dt.datetime(2015, 12, 20), 150.0), Line(dt.datetime(2016, 6, 29), 5.0), policy=rules)
    assert any("2016-01-01  金卡  kept: 150.00 from 2015-01-01" in line for line in said)
    assert any(line.endswith("155.00 net; no bounds of spend are set") for line in said)


def test_chinese_lines_are_aligned_by_columns() -> None:
    assert (display_width("保级"), padded("保级", 6), padded("", 2)) == (4, "保级  ", "  ")
    said = text(Line(dt.datetime(2016, 6, 29), 150.0), language="zh")
    assert "保级             无需再消费，2016-07-07 仍为 金卡" in said
    assert not any("not available" in line for line in said)
