"""An answer's head and body leave in one write: uvicorn writes them one after the other, and uvloop sends each at once."""

from __future__ import annotations

import asyncio
from typing import Any, Final

_STATUS_LINE: Final = b"HTTP/1.1 "
_CONTINUE: Final = b"HTTP/1.1 100 "
_END_OF_HEAD: Final = b"\r\n\r\n"


class OneWrite:
    """A transport that keeps the head of an answer until its body is written, or ``flush`` says that there is none.

    Everything else is the transport's own.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None
        self.is_closing = transport.is_closing
        self.get_write_buffer_size = transport.get_write_buffer_size

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send; a head, with what is written next."""
        head = self._head
        if head is not None:
            self._head = None
            self._transport.writelines((head, data) if data else (head,))  # one call of the system, and no copy
        elif data.startswith(_STATUS_LINE) and data.endswith(_END_OF_HEAD) and not data.startswith(_CONTINUE):
            self._head = data
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Send a head that is kept: nothing follows it."""
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head)

    def close(self) -> None:
        """Send what is kept, and close."""
        self.flush()
        self._transport.close()
