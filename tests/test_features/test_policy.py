from __future__ import annotations

import copy
import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from features.errors import PolicyError
from features.policy import TierPolicy

SMALLEST = """
programme: Example
tiers:                       # lowest first; the first is where everyone starts
  - {name: Member}
  - {name: Silver,  reach: 320.10}
  - {name: Gold,    reach: 790.68}
  - {name: Diamond, reach: 1564.92}
metric: spend
window: {rolling_days: 91}
"""
GONE = object()


def changed(place: str, value: Any) -> dict[str, Any]:
    """The smallest policy with one thing changed or gone; ``place`` as in ``tiers.1.reach``."""
    content = yaml.safe_load(SMALLEST)
    *path, last = (int(part) if part.isdigit() else part for part in place.split("."))
    inside = content
    for part in path:
        inside = inside[part]
    if value is GONE:
        del inside[last]
    else:
        inside[last] = copy.deepcopy(value)
    return content


def test_the_smallest_policy_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(SMALLEST)
    policy = TierPolicy.from_yaml(path)
    assert policy.tier_names == ("Member", "Silver", "Gold", "Diamond")
    assert policy.thresholds.tolist() == [0, 3_201_000, 7_906_800, 15_649_200]
    assert (policy.metric, policy.returns, policy.window.rolling_days) == ("spend", "net", 91)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("tiers.1.name", "银卡"),
        ("tiers.1.reach", 1),
        ("tiers.0.reach", 0),
        ("returns", "ignore"),
        ("window.rolling_days", 1),
        ("window.rolling_days", 36_500),
        ("tiers", [{"name": "Only"}]),
    ],
)
def test_what_a_policy_may_say(place: str, value: Any) -> None:
    assert TierPolicy.from_dict(changed(place, value)).version != TierPolicy.from_dict(yaml.safe_load(SMALLEST)).version or (
        place == "tiers.0.reach"
    )


@pytest.mark.parametrize(
    ("place", "value", "named", "said"),
    [
        (
            "tiers.2.reach",
            300.0,
            "tiers[2].reach",
            "thresholds rise from tier to tier; got Gold at 300 after Silver at 320.1",
        ),
        ("tiers.2.reach", 320.10, "tiers[2].reach", "thresholds rise"),
        ("tiers.2.reach", 320.10001, "tiers[2].reach", "thresholds rise"),  # not by a ten-thousandth
        ("tiers.1.reach", GONE, "tiers[1].reach", "thresholds rise"),
        ("tiers.0.reach", 5.0, "tiers[0].reach", "everyone starts in the first tier; got 5"),
        ("tiers.1.reach", -1.0, "tiers[1].reach", "greater than or equal to 0; got -1"),
        ("tiers.1.reach", "abc", "tiers[1].reach", "this should be a valid number; got 'abc'"),
        ("tiers.1.reach", "320.10", "tiers[1].reach", "this should be a valid number; got '320.10'"),
        ("tiers.1.reach", True, "tiers[1].reach", "this should be a valid number; got True"),
        ("tiers.1.reach", None, "tiers[1].reach", "this should be a valid number; got None"),
        ("tiers.3.reach", float("inf"), "tiers[3].reach", "this should be a finite number; got inf"),
        ("tiers.3.reach", float("nan"), "tiers[3].reach", "this should be a finite number; got nan"),
        ("tiers.3.reach", 1e12, "tiers[3].reach", "this should be less than 100000000000; got 1e+12"),
        ("tiers.1.name", "Member", "tiers", "each tier has its own name; got 'Member' twice"),
        ("tiers.1.name", "", "tiers[1].name", "at least 1 character; got ''"),
        ("tiers.1.name", "a/b", "tiers[1].name", "this should match pattern"),
        ("tiers.1.name", 7, "tiers[1].name", "this should be a valid string; got 7"),
        ("tiers.1.name", GONE, "tiers[1].name", "got nothing. To mend it: add 'name:'"),
        ("tiers.1.colour", "red", "tiers[1].colour", "a policy holds only what it defines; got 'red'"),
        ("tiers.1", "Silver", "tiers[1]", "this is a mapping; got 'Silver'. To mend it: write {name: Silver, reach: 100}"),
        ("tiers.1.benefits", "lounge", "tiers[1].benefits", "this is a list; got 'lounge'. To mend it: see the example"),
        ("tiers", [], "tiers", "at least 1 item after validation, not 0; got []"),
        ("tiers", "Member", "tiers", "this is a list; got 'Member'"),
        ("tiers", GONE, "tiers", "got nothing. To mend it: add 'tiers:'"),
        ("metric", "visits", "metric", "or 'points_balance'; got 'visits'"),
        ("metric", GONE, "metric", "got nothing. To mend it: add 'metric:'"),
        ("returns", "maybe", "returns", "this should be 'net' or 'ignore'; got 'maybe'"),
        ("window.rolling_days", 0, "window.rolling_days", "greater than or equal to 1; got 0"),
        ("window.rolling_days", -91, "window.rolling_days", "greater than or equal to 1; got -91"),
        ("window.rolling_days", 40_000, "window.rolling_days", "less than or equal to 36500; got 40000"),
        ("window.rolling_days", 9.5, "window.rolling_days", "this should be a valid integer; got 9.5"),
        ("window.rolling_days", "91", "window.rolling_days", "this should be a valid integer; got '91'"),
        ("window", 91, "window", "this is a mapping; got 91. To mend it: write {rolling_days: 91}."),
        ("window", GONE, "window", "add 'window:'"),
        ("programme", "", "programme", "at least 1 character"),
        ("benefits", {}, "benefits", "remove it or check its spelling"),
    ],
)
def test_a_bad_policy_is_refused_by_place(place: str, value: Any, named: str, said: str) -> None:
    with pytest.raises(PolicyError) as raised:
        TierPolicy.from_dict(changed(place, value))
    assert raised.value.place == named
    assert str(raised.value).startswith(f"{named}: ")
    assert said in str(raised.value)


NESTED = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in itertools.pairwise("abcdefghijkl"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("tiers: [", "a file is YAML"),
        ("tiers: !!python/object:os.system {}", "a file is YAML"),
        (b"\xff\xfe\xfa", "a file is YAML"),
        ("programme: 2017-99-99", "a file is YAML"),
        ("[" * 10_000, "a file is YAML"),
        (SMALLEST.replace("metric:", "returns: net\nreturns: ignore\nmetric:"), "'returns' stands here twice"),
        ("", "policy: a policy is a mapping; got NoneType"),
        ("- a\n", "policy: a policy is a mapping; got list"),
        ("just text", "policy: a policy is a mapping; got str"),
        ("#" * 1_000_001, "a YAML file has at most a megabyte"),
        (NESTED + SMALLEST.replace("{rolling_days: 91}", "*l"), "window: this is a mapping; got [[[[[[[...], [...]]"),
    ],
    ids=["open", "object", "bytes", "no-date", "deep", "twice", "empty", "list", "text", "large", "aliases"],
)
def test_a_bad_file_is_refused(tmp_path: Path, content: str | bytes, said: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PolicyError) as raised:
        TierPolicy.from_yaml(path)
    assert said in str(raised.value)
    assert len(str(raised.value)) < 600


@pytest.mark.parametrize(("name", "said"), [("none.yaml", "got No such file or directory"), (".", "got Is a directory")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(PolicyError) as raised:
        TierPolicy.from_yaml(tmp_path / name)
    assert raised.value.place == str(tmp_path / name)
    assert said in str(raised.value)


def test_a_policy_cannot_be_changed() -> None:
    policy = TierPolicy.from_dict(yaml.safe_load(SMALLEST))
    with pytest.raises(ValidationError, match="frozen"):
        policy.returns = "ignore"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("place", "value"),
    [("tiers.1.reach", 320.11), ("returns", "ignore"), ("window.rolling_days", 92), ("programme", "Other")],
)
def test_the_version_changes_with_any_rule(place: str, value: Any) -> None:
    version = TierPolicy.from_dict(yaml.safe_load(SMALLEST)).version
    assert len(version) == 12
    assert TierPolicy.from_dict(changed(place, value)).version != version


def test_the_version_does_not_change_with_how_a_policy_is_written() -> None:
    content = yaml.safe_load(SMALLEST)
    turned = {**dict(reversed(content.items())), "returns": "net"}
    assert TierPolicy.from_dict(turned).version == TierPolicy.from_dict(content).version


@given(st.lists(st.integers(1, 10**14), min_size=1, max_size=29, unique=True).map(sorted))
def test_thresholds_are_the_reaches_to_the_unit(units: list[int]) -> None:
    tiers = [{"name": "T0"}, *({"name": f"T{unit}", "reach": unit / 10_000} for unit in units)]
    assert TierPolicy.from_dict(changed("tiers", tiers)).thresholds.tolist() == [0, *units]


FULL = """
programme: Example
time_zone: Europe/Berlin
versions:
  - from: 2023-01-01
    tiers: [{name: Member}, {name: Silver, reach: 300, keep: 250}]
    metric: spend
    window: {rolling_months: 12}
  - from: 2024-01-01
    tiers:
      - {name: Member, benefits: [points]}
      - {name: Bronze, reach: {amount: 100, visits: 5}}
      - {name: Silver, reach: {amount: 300, visits: 12}, keep: {amount: 250, visits: 10}, service_budget: 12.5}
      - {name: Patron, invitation: true}
    metrics: {amount: spend, visits: orders}
    join: all
    window: {calendar: year, starts: "04-01"}
    review: period_end
    validity: {until: end_of_next_period}
    downgrade: one_step
    grace_days: 14
"""


def test_with_versions_the_newest_is_on_top() -> None:
    policy = TierPolicy.from_dict(yaml.safe_load(FULL))
    assert policy.tier_names == ("Member", "Bronze", "Silver", "Patron")
    assert policy.benefits == {"Member": ("points",), "Bronze": (), "Silver": (), "Patron": ()}
    assert (policy.join, policy.grace_days, policy.window.start) == ("all", 14, (4, 1))
    assert [str(version.since) for version in policy.versions] == ["2023-01-01", "2024-01-01"]
    with pytest.raises(PolicyError, match="one row of thresholds belongs to one metric"):
        policy.thresholds  # noqa: B018


@pytest.mark.parametrize("since", [0, 1_483_228_800, "soon", "2017-1-1", dt.datetime(2017, 1, 1, 10), None])
def test_a_version_begins_on_a_date(since: object) -> None:
    content = yaml.safe_load(FULL)
    content["versions"][0]["from"] = since
    with pytest.raises(PolicyError, match=r"versions\[0\].from: this should be a date, as 2024-01-31; got"):
        TierPolicy.from_dict(content)


@pytest.mark.parametrize("text", [SMALLEST, FULL])
def test_a_policy_written_back_is_the_same(text: str) -> None:
    policy = TierPolicy.from_dict(yaml.safe_load(text))
    again = TierPolicy.from_dict(policy.model_dump(mode="json"))
    assert again == policy
    assert again.version == policy.version


@pytest.mark.parametrize(
    ("place", "value"),
    [("review", "daily"), ("tiers.1.keep", 320.10), ("returns_reopen", False), ("time_zone", "UTC"), ("upgrade", "at_once")],
)
def test_saying_a_default_changes_no_version(place: str, value: Any) -> None:
    plain = TierPolicy.from_dict(yaml.safe_load(SMALLEST))
    assert (TierPolicy.from_dict(changed(place, value)).version == plain.version) == (place != "review")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("tiers.1.keep", 300.0),
        ("tiers.1.benefits", ["lounge"]),
        ("grace_days", 3),
        ("validity", {"days": 30}),
        ("downgrade", "never"),
        ("upgrade", "at_review"),
        ("time_zone", "Asia/Shanghai"),
        ("window", "lifetime"),
        ("metric", "profit"),
    ],
)
def test_any_further_rule_changes_the_version(place: str, value: Any) -> None:
    assert TierPolicy.from_dict(changed(place, value)).version != TierPolicy.from_dict(yaml.safe_load(SMALLEST)).version


def test_a_tier_by_invitation_has_a_threshold_that_nothing_meets() -> None:
    content = yaml.safe_load(SMALLEST)
    content["tiers"].append({"name": "Patron", "invitation": True})
    assert TierPolicy.from_dict(content).thresholds[-1] == 2**63 - 1
