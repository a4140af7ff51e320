"""A request that can be made wrong before it is bytes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HOST = b"127.0.0.1"


@dataclass(frozen=True)
class Request:
    """A request before it is bytes. ``body`` None sends none; ``waits`` are seconds between the pieces of a slow sender."""

    method: str
    target: str
    body: bytes | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    framing: tuple[tuple[bytes, bytes], ...] | None = None
    pieces: int = 1
    wait_s: float = 0.0
    raw: bytes | None = None
    abandoned: bool = False

    def wire(self) -> bytes:
        """As it goes over the socket."""
        if self.raw is not None:
            return self.raw
        framing = self.framing
        if framing is None:
            framing = () if self.body is None else ((b"content-length", str(len(self.body)).encode()),)
        lines = [b"%s %s HTTP/1.1" % (self.method.encode(), self.target.encode("utf-8", "replace")), b"host: " + HOST]
        lines += [name + b": " + value for name, value in (*self.headers, *framing)]
        return b"\r\n".join(lines) + b"\r\n\r\n" + (self.body or b"")


Mutation = Callable[[random.Random, Request, Any], Request]
"""Makes one thing wrong. The last argument is the body as plain values, None where there is none."""
