"""Loops in plain Python, compiled by numba where it is installed and worth loading."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def has_numba() -> bool:
    """Whether numba is installed: serving does without."""
    return importlib.util.find_spec("numba") is not None


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A loop compiled for the types it is first called with, kept on disk where a folder can be written.

    Only operations that IEEE 754 pins and whole numbers are used in kernels, so that both forms give the same bits.
    """
    from numba import njit

    try:
        made: Callable[..., Any] = njit(cache=True, nogil=True)(kernel)
    except RuntimeError:  # no folder that could hold the cache: compile anew in each process
        made = njit(nogil=True)(kernel)
    return made
