"""Serves the application on a socket: one process, HTTP/1.1, stopped by Ctrl-C or SIGTERM."""

import asyncio
import socket
from functools import partial
from typing import cast

import uvicorn
from fastapi import FastAPI

from reseen.errors import ReseenError
from reseen.serve.connections import Connection
from reseen.serve.service import Service

_SECONDS_TO_FINISH = 10


def listening(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 means any free port. ReseenError if there can be none."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=128)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ReseenError(f"cannot serve on {host}, port {port}: {reason}; choose others with --host, --port") from None


def address_of(listener: socket.socket) -> str:
    """The URL for a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def server_of(app: FastAPI) -> uvicorn.Server:
    """The application's server; its ``run(sockets=[listener])`` returns after Ctrl-C or SIGTERM.

    Requests that are being answered then have some seconds to finish.
    """
    service: Service = app.state.service
    connection = partial(Connection, limits=service.limits, dropped=service.metrics.dropped)
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=cast("type[asyncio.Protocol]", connection),
            access_log=False,
            log_config=None,
            proxy_headers=False,  # clients that could name their own address would escape the rate limit
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
    )
