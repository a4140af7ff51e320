from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import fading


@given(st.integers(1, 400))
def test_weights_halve_and_end_after_sixty_half_lives(half_life: int) -> None:
    weights = fading.weights(half_life)
    assert len(weights) == 60 * half_life + 1
    assert weights[::half_life].tolist() == [0.5**i for i in range(61)]
    assert (weights[1:] < weights[:-1]).all()


@pytest.mark.parametrize("half_life", [1, 7, 14, 91, 378])
def test_one_a_day_is_thirty_a_month(half_life: int) -> None:
    """The sum over days 1, 2, ... of what is the same every day."""
    assert fading.monthly(half_life) * math.fsum(fading.weights(half_life)[1:]) == pytest.approx(30.0, rel=2**-50)


@pytest.mark.parametrize("most", [0, 1, 2, 3, 4, 100, 1023, 1024])
def test_the_table_of_n_log_n_reaches_far_enough(most: int) -> None:
    table = fading.n_log_n(most)
    assert len(table) > most
    assert table[: most + 1].tolist() == [n * math.log(n) if n else 0.0 for n in range(most + 1)]


def test_a_longer_table_begins_as_a_shorter_one() -> None:
    short, long = fading.n_log_n(10), fading.n_log_n(10_000)
    assert long[: len(short)].tobytes() == short.tobytes()


def test_listed_weights_are_the_weights() -> None:
    assert fading.listed_weights(14) == fading.weights(14).tolist()
