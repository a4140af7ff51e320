from __future__ import annotations

import re

import pytest
from pages import committed, generated

from features.expressions import OPERATORS
from features.registry import registered
from features.vocabulary import LABEL_NAMES, VALUES


@pytest.fixture(scope="module")
def page() -> str:
    return generated("features")


def test_the_committed_page_is_what_is_generated(page: str) -> None:
    assert committed("features") == page, "run 'make docs'"


def test_every_feature_and_word_is_on_it(page: str) -> None:
    assert re.findall(r"^#### (.*)$", page, re.MULTILINE) == [feature.name for feature in registered()]
    for feature in registered():
        assert f"\n    {feature.expression}\n" in page
    for word in (*OPERATORS, *VALUES, *LABEL_NAMES):
        assert f"| `{word}" in page
    assert "OPERATORS" not in page
    assert "COUNTS" not in page


def test_values_are_said_as_to_a_manager(page: str) -> None:
    assert "- `1204.5`: spent 1,204.50 in 91 days · 近 91 天消费 1,204.50" in page
    assert "- `1`: 1 order in 91 days · 近 91 天有 1 笔订单" in page
