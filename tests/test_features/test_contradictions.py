"""Every contradiction that a policy is refused for, by its place and in one sentence."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from features.errors import PolicyError
from features.policy import TierPolicy

PLAIN = yaml.safe_load(
    """
programme: Example
tiers:
  - {name: Member}
  - {name: Silver, reach: 300}
  - {name: Gold, reach: 700}
metric: spend
window: {rolling_days: 91}
"""
)
SEVERAL = yaml.safe_load(
    """
programme: Example
tiers:
  - {name: Blue}
  - {name: Silver, reach: {miles: 20000, segments: 20}}
  - {name: Gold, reach: {miles: 50000, segments: 60}}
metrics: {miles: points_earned, segments: orders}
window: {calendar: year}
review: period_end
"""
)
SCORE = {"score": {"contribution": {"weight": 0.5, "full": 2000}, "loyalty": {"weight": 0.2}}}
VERSION = {name: PLAIN[name] for name in ("tiers", "metric", "window")}


def with_changes(content: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A policy with rules set, or removed where None; ``tier1`` and so on change one tier."""
    found = copy.deepcopy(content)
    for name, value in changes.items():
        if name.startswith("tier") and name[4:].isdigit():
            found["tiers"][int(name[4:])].update(value)
        elif value is None:
            del found[name]
        else:
            found[name] = value
    return found


def versions(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"programme": "P", "versions": [{**VERSION, **change} for change in changes]}


TABLE: list[tuple[dict[str, Any], str]] = [
    (
        with_changes(PLAIN, tier1={"keep": 301}),
        "tiers[1].keep: keeping a tier takes no more than reaching it; got keep 301 ab",
    ),
    (with_changes(PLAIN, tier0={"keep": 3}), "tiers[0].keep: everyone starts in the first tier; got 3"),
    (
        with_changes(PLAIN, tier2={"reach": 300.0}),
        "tiers[2].reach: thresholds rise from tier to tier; got Gold at 300 after",
    ),
    (with_changes(PLAIN, window={"calendar": "year"}), "review: a window with periods says when tiers are reviewed"),
    (with_changes(PLAIN, window={"membership": "year"}), "review: a window with periods says when tiers are reviewed"),
    (with_changes(PLAIN, window={"tier": "year"}), "review: a window with periods says when tiers are reviewed"),
    (
        with_changes(PLAIN, review="period_end"),
        "review: a review at the period's end needs a window with periods; got a window",
    ),
    (
        with_changes(PLAIN, review="period_end", window="lifetime"),
        "review: a review at the period's end needs a window with",
    ),
    (
        with_changes(PLAIN, review="weekly"),
        "review: this should be 'daily', 'month_end', 'period_end' or 'anniversary'; got",
    ),
    (
        with_changes(PLAIN, metric="visits"),
        "metric: this should be 'spend', 'profit', 'orders', 'points_earned' or 'points_b",
    ),
    (with_changes(PLAIN, metric={"events": []}), "metric.events: this should have at least 1 item"),
    (
        with_changes(PLAIN, metric={"count": 1}),
        "metric.events: a policy states this; got nothing. To mend it: add 'events:'.",
    ),
    (with_changes(PLAIN, metric=SCORE), "metric.score: weights add up to 1; got 0.7"),
    (
        with_changes(PLAIN, metric={"score": {"loyalty": {"weight": 1}}}),
        "tiers[1].reach: a score is at most 100; got 300",
    ),
    (with_changes(PLAIN, metrics={"a": "spend"}), "metrics: a policy has one 'metric' or several 'metrics'; got both"),
    (with_changes(PLAIN, metric=None), "metric: a policy states this; got nothing. To mend it: add 'metric:'."),
    (with_changes(PLAIN, join="all"), "join: a join is of several metrics; got one metric"),
    (
        with_changes(PLAIN, tier1={"reach": {"miles": 3}}),
        "tiers[1].reach: with one metric a threshold is a number; got a number",
    ),
    (with_changes(PLAIN, tier1={"reach": {"miles": "x"}}), "tiers[1].reach.miles: this should be a valid number; got 'x'"),
    (
        with_changes(SEVERAL, tier1={"reach": 3.0}),
        "tiers[1].reach: with several metrics a threshold has a number for each; got",
    ),
    (
        with_changes(SEVERAL, tier1={"reach": {"miles": 1, "nights": 2}}),
        "tiers[1].reach: a threshold is of a metric that the policy names; got 'nights'. To mend it: choose among miles",
    ),
    (
        with_changes(SEVERAL, tier1={"reach": {"miles": 1}}),
        "tiers[1].reach: a threshold has a number for every metric; got none",
    ),
    (
        with_changes(SEVERAL, tier2={"reach": {"miles": 50_000, "segments": 20}}),
        "tiers[2].reach: thresholds rise from tier to tier; got Gold at 20 segments after Silver at 20 segments",
    ),
    (
        with_changes(PLAIN, metric="orders", tier1={"reach": 2.5}),
        "tiers[1].reach: orders, points and events are whole numbers",
    ),
    (
        with_changes(PLAIN, returns="ignore", returns_reopen=True),
        "returns_reopen: only returns that count reopen a decision; got 'returns: ignore'",
    ),
    (with_changes(PLAIN, metric="points_balance"), "window: a points balance is taken over the lifetime; got rolling_days"),
    (with_changes(PLAIN, points={"per_unit": 1}), "points: rules for points belong to a metric of points; got none"),
    (
        with_changes(PLAIN, metric="points_earned", points={"expire_days": 3}),
        "points.expire_days: only a points_balance can expire; got a policy without it, and expire_days",
    ),
    (
        with_changes(PLAIN, metric="points_balance", window="lifetime", points={"expire_days": 3, "expire_months": 1}),
        "points: points expire in one way; got expire_days and expire_months",
    ),
    (with_changes(PLAIN, points={"expire_days": 365}), "points: rules for points belong to a metric of points"),
    (with_changes(PLAIN, tier2={"invitation": True}), "tiers[2].reach: a tier by invitation is not reached; got a reach"),
    (
        with_changes(PLAIN, tiers=[{"name": "A"}, {"name": "B", "invitation": True}, {"name": "C", "reach": 3}]),
        "tiers[1].invitation: a tier by invitation is the highest; got 'B' below others",
    ),
    (
        with_changes(PLAIN, tiers=[{"name": "A"}, {"name": "B", "invitation": True}, {"name": "C", "invitation": True}]),
        "tiers[1].invitation: one tier is by invitation; got two",
    ),
    (
        with_changes(PLAIN, tiers=[{"name": "A", "invitation": True}]),
        "tiers[0].invitation: everyone starts in the first tier",
    ),
    (
        with_changes(PLAIN, validity={"until": "end_of_period"}),
        "validity.until: only a window with periods has an end; got rolling_days",
    ),
    (with_changes(PLAIN, validity={"days": 1, "months": 1}), "validity: a validity has one form; got days and months"),
    (with_changes(PLAIN, validity={}), "validity: a validity has one form; got none"),
    (with_changes(PLAIN, grace_days=-1), "grace_days: this should be greater than or equal to 0; got -1"),
    (
        with_changes(SEVERAL, window={"calendar": "year", "starts": "13-01"}),
        "window.starts: a start is a month and a day; got",
    ),
    (
        with_changes(SEVERAL, window={"calendar": "year", "starts": "02-30"}),
        "window.starts: a start is a month and a day; got",
    ),
    (
        with_changes(SEVERAL, window={"calendar": "year", "starts": "1 May"}),
        "window.starts: a start is a month and a day; got",
    ),
    (
        with_changes(PLAIN, window={"rolling_days": 9, "starts": "04-01"}),
        "window.starts: only calendar periods have a start",
    ),
    (
        with_changes(PLAIN, window={"rolling_days": 9, "rolling_months": 1}),
        "window: a window has one form; got rolling_days and",
    ),
    (with_changes(PLAIN, window={}), "window: a window has one form; got none"),
    (with_changes(PLAIN, window="always"), "window: this is a mapping; got 'always'"),
    (
        with_changes(PLAIN, time_zone="Europe/Atlantis"),
        "time_zone: a time zone has a name of the IANA list; got 'Europe/Atlantis'",
    ),
    (with_changes(PLAIN, time_zone="../etc"), "time_zone: a time zone has a name of the IANA list; got '../etc'"),
    (with_changes(PLAIN, tier1={"benefits": "lounge"}), "tiers[1].benefits: this is a list; got 'lounge'"),
    (
        with_changes(PLAIN, tier1={"service_budget": -1.0}),
        "tiers[1].service_budget: this should be greater than or equal to 0",
    ),
    (with_changes(PLAIN, versions=[]), "versions: this is a list of versions; got []"),
    ({"programme": "P", "versions": {}}, "versions: this is a list of versions; got {}"),
    ({"programme": "P", "versions": ["x"]}, "versions[0]: this is a mapping; got 'x'"),
    ({"programme": "P", "versions": [VERSION]}, "versions[0].from: a policy states this; got nothing"),
    (
        {"programme": "P", "metric": "spend", "versions": [{**VERSION, "from": "2020-01-01"}]},
        "metric: with versions, every rule stands in a version; got a rule at the top",
    ),
    (
        versions({"from": "2020-01-01"}, {"from": "2020-01-01"}),
        "versions[1].from: one version holds from one date; got 2020-01-01",
    ),
    (
        versions({"from": "2021-01-01"}, {"from": "2020-01-01"}),
        "versions[1].from: versions stand in order of their dates; got",
    ),
    (
        versions({"from": "2020-01-01"}, {"from": "2021-01-01", "tiers": PLAIN["tiers"][:2]}),
        "versions[1].tiers: a version has every tier of the one before: members hold them; got no 'Gold'",
    ),
    (
        versions(
            {"from": "2020-01-01", "tiers": [{"name": "A"}]},
            {"from": "2021-01-01", "tiers": [{"name": "B"}, {"name": "A", "reach": 1}]},
        ),
        "versions[1].tiers[0]: every version begins with the same tier; got 'B' after 'A'",
    ),
    (
        versions({"from": "2020-01-01"}, {"from": "2021-01-01", "review": "period_end"}),
        "versions[1].review: a review at the period's end needs a window with periods",
    ),
    (versions({"from": "2020-01-01", "grace_days": "x"}), "versions[0].grace_days: this should be a valid integer; got 'x'"),
]


@pytest.mark.parametrize(("content", "said"), TABLE, ids=range(len(TABLE)))
def test_a_contradiction_is_refused_at_its_place(content: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyError) as raised:
        TierPolicy.from_dict(content)
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize("content", [PLAIN, SEVERAL, versions({"from": "2020-01-01"}, {"from": "2021-01-01"})])
def test_what_the_table_changes_is_accepted(content: dict[str, Any]) -> None:
    assert len(TierPolicy.from_dict(content).tier_names) == 3
