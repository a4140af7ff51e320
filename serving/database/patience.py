"""PostgreSQL connections that wait for an answer no longer than they say.

The server's own limit of a statement ends nothing where the server hangs, nor do those of TCP while its machine answers.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from psycopg import Connection

GRACE_S: Final = 2.0
"""After the server's own limit, for what it says of that to arrive."""


@cache
def patient(wait_s: float) -> type[Connection[Any]]:
    """A driver's connections with patience: ``wait_s`` and some grace, until ``wait_s`` of one is set otherwise.

    One that has waited in vain is closed, and has ``gave_up``.
    """
    import psycopg

    class Patient(psycopg.Connection[Any]):  # type: ignore[misc]  # where the driver is not installed it is Any
        gave_up = False

        def __init__(self, *given: Any, **options: Any) -> None:
            super().__init__(*given, **options)
            self.wait_s = wait_s

        def wait(self, gen: Generator[Any, Any, Any], *given: Any, **options: Any) -> Any:
            return super().wait(self._in_time(gen, time.monotonic() + self.wait_s + GRACE_S), *given, **options)

        def _in_time(self, gen: Generator[Any, Any, Any], until: float) -> Generator[Any, Any, Any]:
            try:
                asked = next(gen)
                while True:
                    ready = yield asked
                    if not ready and time.monotonic() > until:
                        self.gave_up = True
                        self.pgconn.finish()
                        raise psycopg.OperationalError("no answer in time")
                    asked = gen.send(ready)
            except StopIteration as end:
                return end.value

    return Patient
