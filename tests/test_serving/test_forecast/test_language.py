from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.forecast.language import language_of


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("ZH-hant-TW", "zh"),
        ("en;q=0.4, zh;q=0.6", "zh"),
        ("zh;q=0.4, en;q=0.6", "en"),
        ("zh;q=0", "en"),
        ("fr, *;q=0.1", "en"),
        ("zh;q=nan, en;q=0.1", "en"),
        ("zh;q=2", "en"),
        ("en, zh", "en"),
        ("zhx", "en"),
    ],
)
def test_the_best_liked_of_ours(header: str | None, language: str) -> None:
    assert language_of(header) == language


@given(st.text(max_size=60))
def test_any_header_is_answered(header: str) -> None:
    assert language_of(header) in ("en", "zh")
