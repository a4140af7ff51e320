"""``tiercast serve``: the BentoML service in one process, which starts in half the time that two take."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import click

from features.errors import ConfigError, NoModelError
from serving.commands.options import home_option
from serving.settings import Home, home


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@click.option("--without-keys", is_flag=True, help="Answer whoever asks on this machine: for a demo.")
@home_option
def command(host: str, port: int, without_keys: bool, home_path: Path | None) -> None:
    """Serve forecasts by member id and for histories sent, what-ifs, the desk's list, and new transactions.

    Callers need a key: tiercast keys make. For several worker processes under a supervisor:
    bentoml serve serving.service:Tiercast
    """
    from serving.http.access import check_open
    from serving.http.access import without_keys as set_so

    if without_keys:
        os.environ["TIERCAST_WITHOUT_KEYS"] = "1"
    if set_so():
        check_open(host)
    place = home(home_path)
    os.environ["TIERCAST_HOME"] = str(place.path.absolute())
    _check_store(place)
    import uvicorn

    from serving.http.memory import settle
    from serving.service import SERVICE, Tiercast

    SERVICE.desk.look()
    SERVICE.desk.current()
    settle()
    app = SERVICE.before(Tiercast.to_asgi(is_main=True))  # type: ignore[attr-defined]
    config = uvicorn.Config(
        app,
        http=SERVICE.connection,
        log_level="error",  # at 'warning' a line for each request that is no HTTP, from whoever sends it
        access_log=False,
        server_header=False,
        ws="none",
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    with listen(host, port) as listener:
        click.echo(f"Tiercast answers on http://{host}:{listener.getsockname()[1]} (page: /desk, routes: /docs)", err=True)
        # uvicorn ends gracefully on either signal and raises it again when it is done: that is all, so exit with 0.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        server.run(sockets=[listener])


def _check_store(place: Home) -> None:
    """A missing or damaged store is better said now than at the first question; nor is one made by asking.

    Raises
    ------
    NoModelError, ArtifactError, StoreError
    """
    from serving.database.engine import open_engine
    from serving.database.schema import check

    if not place.has_store:
        raise NoModelError("a service answers from a store", "none in the home", "run 'tiercast score' first")
    engine = open_engine(place.store_url)
    check(engine)
    engine.dispose()


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to an address.

    Raises
    ------
    ConfigError
        the address is taken, or not this machine's
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        got = f"{host}:{port}: {error.strerror}"
        raise ConfigError(
            "an address to serve on is this machine's and free", got, "pass another --host or --port"
        ) from None
    return listener
