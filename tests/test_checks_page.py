from __future__ import annotations

import re

import pytest
from pages import committed, generated

from training.checks import all_checks
from training.checks.check import STATUSES


@pytest.fixture(scope="module")
def page() -> str:
    return generated("checks")


def test_the_committed_page_is_what_is_generated(page: str) -> None:
    assert committed("checks") == page, "run 'make docs'"


def test_every_check_and_status_is_on_it(page: str) -> None:
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == [check.code for check in all_checks()]
    assert re.findall(r"^- \[`(.*)`\]", page, re.MULTILINE) == [check.code for check in all_checks()]
    assert set(re.findall(r"^\| ([a-z ]+) \| .* \|$", page, re.MULTILINE)) == {"status", *STATUSES}
    assert "COUNT" not in page
    assert "{" not in page


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.code)
def test_what_a_check_says_of_itself_is_whole_sentences(check: object, page: str) -> None:
    found = next(one for one in all_checks() if one is check or type(one) is type(check))
    for text in (found.finds, found.remedy):
        assert re.fullmatch(r"\S.*\.", text)
        assert "  " not in text
        assert text in page
    assert not found.title.endswith(".")
