from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ConfigError
from training.learning import BOUNDS, Learning

SETTINGS = st.builds(
    Learning,
    leaves=st.integers(2, 8),
    learning_rate=st.floats(0.005, 0.5),
    min_rows_a_leaf=st.none() | st.integers(1, 10_000),
    l2=st.floats(0.0, 10_000.0),
    max_rounds=st.integers(1, 2_000),
    cutoffs=st.integers(1, 24),
)


@given(SETTINGS)
def test_what_is_written_down_is_read_back(learning: Learning) -> None:
    assert Learning.from_dict(learning.to_dict()) == learning


def test_the_defaults_are_not_written_down() -> None:
    assert Learning().to_dict() == {}
    assert Learning.from_dict({}) == Learning()


def test_a_whole_number_may_stand_for_a_number() -> None:
    assert Learning.from_dict({"l2": 1}) == Learning(l2=1.0)
    assert type(Learning(l2=1).l2) is float


@pytest.mark.parametrize("name", BOUNDS)
def test_the_ends_of_each_range_belong_to_it(name: str) -> None:
    for value in BOUNDS[name]:
        assert getattr(Learning(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"leaves": 9}, "learning.leaves is a whole number from 2 to 8; got 9"),
        ({"leaves": 8.0}, "learning.leaves is a whole number"),
        ({"leaves": True}, "learning.leaves is a whole number"),
        ({"learning_rate": 0}, "learning.learning_rate is a number from 0.005 to 0.5; got 0"),
        ({"l2": float("nan")}, "learning.l2 is a number"),
        ({"l2": "5"}, "learning.l2 is a number from 0 to 10000; got '5'"),
        ({"cutoffs": None}, "learning.cutoffs is a whole number"),
        ({"leafs": 8}, "did you mean 'leaves'?"),
        ({1: 8}, "take one of leaves, learning_rate"),
        ([8], "learning is a mapping; got list"),
    ],
)
def test_what_cannot_be_is_refused(written: object, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Learning.from_dict(written)  # type: ignore[arg-type]
    assert said in str(raised.value)
