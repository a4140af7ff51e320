"""Linear algebra on one thread, for searches over a few parameters.

A search calls BLAS thousands of times on matrices of ten rows. Libraries that share each call among all cores spend up to
six times the processor's time on waiting for each other, most of all on a machine that has other work. One thread also adds
up in one order, whatever the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """What is called inside has one BLAS thread in this process; afterwards all is as it was."""
    import scipy.linalg  # type: ignore[import-untyped]  # noqa: F401  # its BLAS: only what is loaded can be limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
