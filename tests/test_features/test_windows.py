from __future__ import annotations

from typing import Any

import pytest

from features.windows import Validity, Window, is_month_day


@pytest.mark.parametrize(
    ("content", "forms", "slides"),
    [
        ({"rolling_days": 91}, ("rolling_days",), True),
        ({"rolling_months": 12}, ("rolling_months",), True),
        ("lifetime", ("lifetime",), True),
        ({"calendar": "quarter", "starts": "02-01"}, ("calendar",), False),
        ({"membership": "year"}, ("membership",), False),
        ({"tier": "year"}, ("tier",), False),
    ],
)
def test_forms_of_a_window(content: Any, forms: tuple[str, ...], slides: bool) -> None:
    window = Window.model_validate(content)
    assert (window.forms, window.slides) == (forms, slides)


@pytest.mark.parametrize(("text", "valid"), [("12-31", True), ("00-10", False), ("٠٤-٠١", False), ("", False)])
def test_a_month_day(text: str, valid: bool) -> None:
    assert is_month_day(text) is valid


def test_forms_of_a_validity() -> None:
    assert Validity(until="end_of_period").forms == ("until",)
