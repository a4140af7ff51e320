"""Standard output kept clean of what HiGHS prints there whatever it is told.

Some versions say 'transformNewIntegerFeasibleSolution' by printf. It would stand in a table or in JSON, and at the end of
the process at that, since C has a buffer of its own: so it is flushed while the descriptor leads nowhere.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def quiet_output() -> Iterator[None]:
    """Within, what C code writes to descriptor 1 is lost; what Python has written before is not.

    >>> with quiet_output():
    ...     _ = os.write(1, b"noise")
    """
    with suppress(AttributeError, ValueError):  # no stream, or a closed one
        sys.stdout.flush()
    _flush_c()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        _flush_c()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _flush_c() -> None:
    with suppress(OSError, AttributeError, TypeError):  # a platform whose C library is not in this process
        ctypes.CDLL(None).fflush(None)
