"""Plain Python functions, with the plain functions that they call, compiled by numba when it is asked for."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from functools import cache
from types import CodeType, FunctionType
from typing import Any, cast


@cache
def has_numba() -> bool:
    """Whether numba is installed: serving does without."""
    return importlib.util.find_spec("numba") is not None


@cache
def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The compiled form of a function: its helpers from this package are compiled with it.

    numba keeps what it compiled by the age of one file, and knows nothing of helpers in others: the compiled function
    therefore bears a digest of all the code in its name.
    """
    from numba import njit

    plain = cast("FunctionType", kernel)
    inside = {name: compiled(helper) for name, helper in _helpers(plain).items()}
    name = f"{plain.__name__}_{_digest(plain)}"
    copy = FunctionType(plain.__code__.replace(co_name=name, co_qualname=name), {**plain.__globals__, **inside}, name)
    copy.__module__ = plain.__module__
    copy.__qualname__ = name
    try:
        return cast("Callable[..., Any]", njit(cache=True, nogil=True)(copy))
    except RuntimeError:  # no folder that could hold the cache: compile anew in each process
        return cast("Callable[..., Any]", njit(nogil=True)(copy))


def _helpers(kernel: FunctionType) -> dict[str, FunctionType]:
    named = {name: kernel.__globals__.get(name) for name in kernel.__code__.co_names}
    own = __name__.partition(".")[0] + "."
    return {name: it for name, it in named.items() if isinstance(it, FunctionType) and it.__module__.startswith(own)}


def _digest(kernel: FunctionType) -> str:
    code: CodeType = kernel.__code__
    numbers = {name: kernel.__globals__[name] for name in code.co_names if isinstance(kernel.__globals__.get(name), int)}
    helpers = sorted(_digest(helper) for helper in _helpers(kernel).values())
    text = repr((code.co_code, code.co_consts, code.co_names, sorted(numbers.items()), helpers))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
