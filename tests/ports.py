"""Ports for servers that tests start."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port of 127.0.0.1 that the system gives to nobody else for a minute.

    A port that was only free when it was asked for may be another connection's by the time the server binds it. One with a
    connection that was closed first on its side is kept from all who ask for any port, not from a server that names it (and
    sets SO_REUSEADDR, as servers do).
    """
    with socket.socket() as listening, socket.socket() as other:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        other.connect(listening.getsockname())
        accepted, _ = listening.accept()
        accepted.close()
        port: int = listening.getsockname()[1]
        return port
