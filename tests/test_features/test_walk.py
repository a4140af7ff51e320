"""The walk against a steward who looks at every morning."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import programmes
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.steward import Steward
from programmes import DAYS, FIRST, Pages, same, to_histories

from features.policy import TierPolicy
from features.snapshot import to_day
from features.tiers import tier_at, tier_state

MORNINGS = [FIRST + dt.timedelta(days=i) for i in range(DAYS)]


def by_hand(content: dict[str, Any], pages: Pages, joined: dt.date | None) -> list[int]:
    names = TierPolicy.from_dict(content).tier_names
    book = Steward(content, pages, min(pages)).tiers(MORNINGS[-1])
    if joined is not None:  # which nobody knew up to that day
        early = {morning: tier for morning, tier in book.items() if morning <= joined}
        book = Steward(content, pages, joined).tiers(MORNINGS[-1]) | early
    held = [book.get(morning) for morning in MORNINGS]
    return [-1 if name is None else names.index(name) for name in held]


@settings(max_examples=250)
@given(content=programmes.policies(), pages=programmes.pages(), joined=st.sampled_from([None, None, 0, -40, 29]))
def test_every_morning_is_the_stewards(content: dict[str, Any], pages: Pages, joined: int | None) -> None:
    date = None if joined is None else min(pages) + dt.timedelta(days=joined)
    found = tier_at(to_histories([(pages, date)]), TierPolicy.from_dict(content), MORNINGS, compiled=False)
    assert found[0].tolist() == by_hand(content, pages, date)


@settings(max_examples=60)
@given(content=programmes.policies(), pages=programmes.pages(), joined=st.integers(-5, 90), at=st.integers(0, DAYS))
def test_a_day_of_joining_is_not_known_before_it(content: dict[str, Any], pages: Pages, joined: int, at: int) -> None:
    policy, cutoff = TierPolicy.from_dict(content), FIRST + dt.timedelta(days=at)
    log = to_histories([(pages, min(pages) + dt.timedelta(days=joined))])
    known = log.before(cutoff)
    np.testing.assert_array_equal(tier_at(log, policy, [cutoff]), tier_at(known, policy, [cutoff]))
    pair = np.zeros(1, np.int64), np.array([to_day(cutoff)]), 7, policy
    same(tier_state(log, *pair), tier_state(known, *pair))
    same(tier_state(log, *pair, compiled=False), tier_state(known, *pair, compiled=False))


@settings(max_examples=40)
@given(content=programmes.policies(), diaries=st.lists(programmes.pages(), min_size=2, max_size=5), cut=st.integers(0, DAYS))
def test_compiled_or_not_in_any_order_and_whatever_comes_later(
    content: dict[str, Any], diaries: list[Pages], cut: int
) -> None:
    policy = TierPolicy.from_dict(content)
    histories = to_histories([(pages, None) for pages in diaries])
    whole = tier_at(histories, policy, MORNINGS, compiled=False)
    np.testing.assert_array_equal(tier_at(histories, policy, MORNINGS, compiled=True), whole)
    turned = np.arange(len(diaries))[::-1].copy()
    np.testing.assert_array_equal(tier_at(histories.select(turned), policy, MORNINGS[::-1]), whole[turned][:, ::-1])
    known = histories.before(FIRST + dt.timedelta(days=cut))
    np.testing.assert_array_equal(tier_at(known, policy, MORNINGS)[:, : cut + 1], whole[:, : cut + 1])


def policy(**rules: Any) -> TierPolicy:
    tiers = [{"name": "Base"}, {"name": "Silver", "reach": 100, "keep": 80}, {"name": "Gold", "reach": 300}]
    return TierPolicy.from_dict({"programme": "P", "tiers": tiers, "metric": "spend", **rules})


def bought(*days: tuple[str, int]) -> Pages:
    pages: Pages = {}
    for text, amount in days:
        page = pages.setdefault(dt.date.fromisoformat(text), {})
        if amount >= 0:
            page.update(orders=1, gross=amount * 10_000)
        else:
            page.update(returned=-amount * 10_000)
    return pages


YEARLY = {"window": {"calendar": "year"}, "review": "period_end"}


@pytest.mark.parametrize(
    ("rules", "pages", "tiers"),
    [
        # soft landing from a status that is valid to the end of the following year
        (
            {**YEARLY, "downgrade": "one_step", "validity": {"until": "end_of_next_period"}},
            bought(("2015-12-01", 10), ("2016-05-01", 300)),
            {"2016-05-01": 0, "2016-05-02": 2, "2017-12-31": 2, "2018-01-01": 1, "2018-12-31": 1, "2019-01-01": 0},
        ),
        # membership anniversaries of a 29 February
        (
            {"window": {"membership": "year"}, "review": "anniversary"},
            bought(("2016-02-29", 100)),
            {"2016-03-01": 1, "2017-02-28": 1, "2017-03-01": 1, "2018-02-27": 1, "2018-02-28": 0},
        ),
        # a month before 31 March begins on 29 February
        (
            {"window": {"rolling_months": 1}},
            bought(("2016-02-28", 100), ("2016-02-29", 80)),
            {"2016-02-29": 1, "2016-03-28": 1, "2016-03-29": 1, "2016-03-31": 1, "2016-04-01": 0},
        ),
        # a return reopens what it paid for, whatever the validity says
        (
            {"window": {"rolling_days": 30}, "validity": {"days": 300}, "returns_reopen": True},
            bought(("2016-01-01", 300), ("2016-01-09", -90), ("2016-06-01", -200)),
            {"2016-01-02": 2, "2016-01-09": 2, "2016-01-10": 1, "2016-06-01": 1},
        ),
        # grace is called off by a purchase, and is not by too small a one
        (
            {"window": {"rolling_days": 30}, "grace_days": 10},
            bought(("2016-01-01", 100), ("2016-02-05", 80), ("2016-03-08", 79)),
            {"2016-02-01": 1, "2016-02-10": 1, "2016-03-07": 1, "2016-03-16": 1, "2016-03-17": 0},
        ),
        ({"window": {"rolling_days": 30}, "downgrade": "never"}, bought(("2016-01-01", 300)), {"2016-12-31": 2}),
        (
            {"window": {"rolling_days": 30}, "upgrade": "at_review", "review": "month_end"},
            bought(("2016-01-10", 100)),
            {"2016-01-31": 0, "2016-02-01": 1, "2016-02-29": 1, "2016-03-01": 0},
        ),
        # a tier's own year begins when it is granted
        (
            {"window": {"tier": "year"}, "review": "anniversary", "downgrade": "to_base"},
            bought(("2016-01-10", 300), ("2016-08-01", 299)),
            {"2016-01-11": 2, "2017-01-10": 2, "2017-01-11": 0},
        ),
    ],
    ids=["landing", "leap day", "months", "reopened", "grace", "never", "at review", "tier year"],
)
def test_by_the_rules(rules: dict[str, Any], pages: Pages, tiers: dict[str, int]) -> None:
    dates = [dt.date.fromisoformat(text) for text in tiers]
    assert tier_at(to_histories([(pages, None)]), policy(**rules), dates).tolist() == [list(tiers.values())]


def test_a_version_changes_the_rules_and_not_the_tier_held() -> None:
    old = {"from": dt.date(2015, 1, 1), "tiers": [{"name": "Base"}, {"name": "Gold", "reach": 100}], "metric": "spend"}
    new = {
        "from": dt.date(2016, 3, 1),
        "tiers": [{"name": "Base"}, {"name": "Silver", "reach": 50}, {"name": "Gold", "reach": 200}],
    }
    versions = [
        {**old, "window": {"calendar": "year"}, "review": "period_end"},
        {**new, "metric": "spend", "window": {"calendar": "year"}, "review": "period_end"},
    ]
    rules = TierPolicy.from_dict({"programme": "P", "versions": versions})
    dates = [dt.date(2016, 2, 1), dt.date(2016, 3, 1), dt.date(2016, 12, 31), dt.date(2017, 1, 1)]
    histories = to_histories([(bought(("2016-01-05", 120)), None)])
    assert [rules.tier_names[k] for k in tier_at(histories, rules, dates)[0]] == ["Gold", "Gold", "Gold", "Silver"]
