from __future__ import annotations

import numpy as np
import scipy.linalg  # noqa: F401  # has a BLAS of its own
from numpy.testing import assert_array_equal
from threadpoolctl import threadpool_info, threadpool_limits

from features.operators import Floats
from training.one_thread import one_thread
from training.process_fitting import most_likely


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_inside_there_is_one_and_afterwards_as_many_as_before() -> None:
    with threadpool_limits(3, user_api="blas"):
        with one_thread():
            assert threads() == {1}
        assert threads() == {3}


def test_a_likelihood_is_searched_on_one() -> None:
    seen: set[int] = set()

    def bowl(theta: Floats) -> tuple[float, Floats]:
        seen.update(threads())
        return float(theta @ theta), 2.0 * theta

    with threadpool_limits(3, user_api="blas"):
        found = most_likely(bowl, [np.ones(2)], np.full(2, -5.0), np.full(2, 5.0), pull=0.0)
    assert seen == {1}
    assert_array_equal(np.round(found, 6), 0.0)
