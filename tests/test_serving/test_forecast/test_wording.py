from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.feature import Unit
from serving.forecast.wording import plural, worded, worded_days


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (1.0, Unit.DAYS, "1 day", "1 天"),
        (45.0, Unit.DAYS, "45 days", "45 天"),
        (6.25, Unit.DAYS, "6.2 days", "6.2 天"),
        (0.0, Unit.MONEY, "nothing", "0"),
        (0.0, Unit.METRIC, "nothing", "0"),
        (-12.345, Unit.MONEY, "-12.35", "-12.35"),
        (0.834, Unit.SHARE, "83 %", "83 %"),
        (0.0, Unit.SHARE, "0 %", "0 %"),
        (0.0, Unit.CHANCE, "under 1 %", "1 % 以下"),
        (0.0099, Unit.CHANCE, "under 1 %", "1 % 以下"),
        (0.01, Unit.CHANCE, "1 %", "1 %"),
        (0.18, Unit.CHANCE, "18 %", "18 %"),
        (0.99, Unit.CHANCE, "99 %", "99 %"),
        (0.9901, Unit.CHANCE, "over 99 %", "99 % 以上"),
        (1.0, Unit.CHANCE, "over 99 %", "99 % 以上"),
        (2.5, Unit.RATIO, "2.5 times", "2.5 倍"),
        (1.0, Unit.RATIO, "1.0 times", "1.0 倍"),
        (0.0, Unit.NATS, "1.0", "1.0"),
        (math.log(4.5), Unit.NATS, "4.5", "4.5"),
        (1234.5, Unit.COUNT, "1,234", "1,234"),
        (0.0, Unit.COUNT, "no", "0"),
        (0.049, Unit.COUNT, "under 0.1", "不到 0.1"),
        (0.05, Unit.COUNT, "0.1", "0.1"),
        (0.001, Unit.RATIO, "under 0.1 times", "不到 0.1 倍"),
        (0.0, Unit.RATIO, "0 times", "0 倍"),
    ],
)
def test_values_are_worded_with_their_unit(value: float, unit: Unit, en: str, zh: str) -> None:
    assert worded(value, unit, "en") == en
    assert worded(value, unit, "zh") == zh


def test_only_one_is_singular() -> None:
    assert [plural(value) for value in (0.0, 1.0, 1.5, 2.0)] == ["s", "", "s", "s"]


@given(st.floats(1e-9, 1e9), st.sampled_from([Unit.COUNT, Unit.RATIO]))
def test_what_is_there_is_never_told_as_nothing(value: float, unit: Unit) -> None:
    for language in ("en", "zh"):
        assert worded(value, unit, language).split()[0] not in ("0", "0.0", "no")


def test_days_have_their_plural() -> None:
    assert [worded_days(value, "en") for value in (0.0, 1.0, 2.0)] == ["0 days", "1 day", "2 days"]
