from __future__ import annotations

import pytest
import yaml

from features.policy import TierPolicy
from features.rulebook import HEADER, KEEP, NEWEST, REACH, RULES, VERSIONS, rulebook

POLICY = TierPolicy.from_dict(
    yaml.safe_load(
        """
programme: P
versions:
  - {from: 2023-01-01, metric: orders, window: lifetime, tiers: [{name: A}, {name: C, reach: 5, keep: 4}]}
  - from: 2024-01-01
    metrics: {money: spend, visits: orders}
    window: lifetime
    tiers: [{name: A}, {name: B, reach: {money: 10, visits: 2}}, {name: C, reach: {money: 20.5, visits: 4}}]
"""
    )
)


def test_a_policy_is_written_once_and_a_copy_anew() -> None:
    assert rulebook(POLICY) is rulebook(POLICY)
    assert rulebook(POLICY.model_copy()) is not rulebook(POLICY)


def test_tiers_keep_their_names_from_version_to_version() -> None:
    book = rulebook(POLICY)
    assert [column.name for column in book.columns] == ["orders", "spend"]
    assert book.newest[:2] == [0, 2]
    assert book.onward[:2] == [0, 2]
    assert not book.memoryless


@pytest.mark.parametrize(("table", "version", "numbers"), [(REACH, 0, [5]), (KEEP, 0, [4]), (REACH, 1, [100_000, 2])])
def test_thresholds_are_whole_numbers_at_the_places_the_header_names(table: int, version: int, numbers: list[int]) -> None:
    flat = rulebook(POLICY).flat(7)
    at = flat[table] + (version * 3 + 1) * 2
    assert flat[at : at + len(numbers)] == numbers
    assert flat[VERSIONS] == 2
    assert flat[NEWEST] > flat[REACH] > HEADER + RULES
