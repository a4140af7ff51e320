"""The same loops compiled and interpreted, on the same numbers: to the bit."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from features import kernels

WEIGHT = np.asarray(0.5 ** (np.arange(60) / 7.3))

Case = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """start, stop, cutoff, day, value of some pairs, empty histories among them."""
    members = draw(st.lists(st.lists(st.integers(0, 90), max_size=12, unique=True).map(sorted), min_size=1, max_size=4))
    day = np.array([day for days in members for day in days], np.int32)
    value = np.array(draw(st.lists(st.integers(-(10**13), 10**13), min_size=len(day), max_size=len(day))), np.int64)
    ends = np.cumsum([0, *(len(days) for days in members)]).astype(np.int64)
    start, stop = ends[:-1], ends[1:]
    newest = [days[-1] if days else 0 for days in members]
    cutoff = np.array([day + draw(st.integers(1, 40)) for day in newest], np.int32)
    return start, stop, cutoff, day, value


@functools.cache
def compile_once(kernel: Callable[..., None]) -> Callable[..., None]:
    return njit(kernel)


def both(kernel: Callable[..., None], arguments: tuple[Any, ...], *dtypes: type) -> tuple[list[bytes], list[bytes]]:
    size = len(arguments[0])
    answers = []
    for run, given_ in (
        (compile_once(kernel), arguments),
        (kernel, tuple(part.tolist() if isinstance(part, np.ndarray) else part for part in arguments)),
    ):
        out = [np.full(size, -1, dtype) for dtype in dtypes]
        run(*given_, *out)
        answers.append([array.tobytes() for array in out])
    return answers[0], answers[1]


KERNELS: list[tuple[str, Callable[[Case], tuple[Any, ...]], tuple[type, ...]]] = [
    ("window_sum", lambda c: (c[0], c[1], c[2], c[3], c[4], 28), (np.int64,)),
    ("decayed_sum", lambda c: (c[0], c[1], c[2], c[3], c[4], WEIGHT), (np.float64,)),
    ("gap_moments", lambda c: (c[0], c[1], c[3]), (np.float64, np.float64)),
    ("gap_quantile", lambda c: (c[0], c[1], c[3], 0.9), (np.float64,)),
    ("comebacks", lambda c: (c[0], c[1], c[2], c[3], 14), (np.float64, np.float64)),
]


@pytest.mark.parametrize(("name", "arguments", "dtypes"), KERNELS, ids=[kernel[0] for kernel in KERNELS])
@settings(max_examples=60)
@given(case=cases())
def test_compiled_is_interpreted(
    name: str, arguments: Callable[[Case], tuple[Any, ...]], dtypes: tuple[type, ...], case: Case
) -> None:
    compiled, interpreted = both(getattr(kernels, name), arguments(case), *dtypes)
    assert compiled == interpreted


def test_every_kernel_is_in_the_table() -> None:
    public = {
        name
        for name, value in vars(kernels).items()
        if callable(value) and getattr(value, "__module__", "") == kernels.__name__
    }
    assert public == {name for name, _, _ in KERNELS}
