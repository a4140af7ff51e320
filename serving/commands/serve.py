"""``tiercast serve``: the BentoML service in one process, which starts in a third of the time that two take."""

from __future__ import annotations

import os
from pathlib import Path

import click

from serving.commands.options import home_option
from serving.settings import home


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@home_option
def command(host: str, port: int, home_path: Path | None) -> None:
    """Serve stored forecasts by member id, and forecasts for histories sent in the request.

    For several worker processes under a supervisor: bentoml serve serving.service:Tiercast
    """
    place = home(home_path)
    os.environ["TIERCAST_HOME"] = str(place.path.absolute())
    import uvicorn

    from serving.service import DESK, Tiercast

    # A missing or damaged store is better said now than at the first question.
    DESK.predictor()
    app = Tiercast.to_asgi(is_main=True)  # type: ignore[attr-defined]
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    click.echo(f"Tiercast answers on http://{host}:{socket.getsockname()[1]} (routes: /docs)", err=True)
    server.run(sockets=[socket])
