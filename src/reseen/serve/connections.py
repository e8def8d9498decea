"""HTTP connections with a deadline while they wait for their client, and a limit on their number."""

import asyncio
import socket
from collections.abc import Callable, Collection
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from reseen.serve.addresses import client_key
from reseen.serve.middleware.limits import Limits

_TOO_MANY = b'{"detail": "busy: too many connections"}'


class Connection(H11Protocol):
    """uvicorn's HTTP/1.1 connection, closed when its client keeps the service waiting for too long.

    The deadline runs from the connection's start, and again from each answer, until the head of a request is complete,
    and while the client does not read an answer. When the client's address or the service has too many connections, the
    one that has waited longest for its client is closed in favour of the new one; if all are being answered, the new
    one gets status 503. ``dropped`` is called for each connection that is closed so.
    """

    def __init__(self, *, limits: Limits, dropped: Callable[[], object], **by_uvicorn: Any) -> None:
        super().__init__(**by_uvicorn)
        self._limits, self._dropped = limits, dropped
        self.deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        # asyncio does this for sockets that name TCP as their protocol, which those of `socket.create_server` do not.
        # Without it an answer's body may wait 40 ms, until the client has acknowledged its head.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.owner = client_key(self.client[0] if self.client else "")
        if not self._has_room():
            self._reject()
        self._watch_client()

    def handle_events(self) -> None:
        """Bytes have arrived, now or before."""
        super().handle_events()
        self._watch_client()

    def on_response_complete(self) -> None:
        """The answer is complete, and the next request may follow."""
        super().on_response_complete()
        self._watch_client()

    def pause_writing(self) -> None:
        """The client reads more slowly than the service writes."""
        super().pause_writing()
        self._watch_client()

    def resume_writing(self) -> None:
        """The client has caught up."""
        super().resume_writing()
        self._watch_client()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        super().connection_lost(exc)
        self._cancel_deadline()

    def _watch_client(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and not self.flow.write_paused and not self.transport.is_closing():
            self._cancel_deadline()
        elif self.deadline is None and self in self.connections:
            self.deadline = self.loop.call_later(self._limits.client_seconds, self.drop)

    def _cancel_deadline(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _has_room(self) -> bool:
        same_client = [connection for connection in self._others() if connection.owner == self.owner]
        if not _make_room(same_client, most=self._limits.from_one):
            return False
        return _make_room(self._others(), most=self._limits.connections)

    def _others(self) -> list["Connection"]:
        return [one for one in self.connections if isinstance(one, Connection) and one is not self]

    def _reject(self) -> None:
        self._dropped()
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(_TOO_MANY))),
            ("Retry-After", "1"),
            ("Connection", "close"),
        ]
        for event in (h11.Response(status_code=503, headers=headers), h11.Data(_TOO_MANY), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def drop(self) -> None:
        """Close at once, without an answer: `close` would wait for a client that reads nothing."""
        self._dropped()
        self.connections.discard(self)
        self.transport.abort()


def _make_room(connections: Collection[Connection], *, most: int) -> bool:
    """Whether one more connection fits, after dropping one that waits for its client if necessary."""
    if len(connections) < most:
        return True
    waiting = {one: one.deadline.when() for one in connections if one.deadline is not None}
    if not waiting:
        return False
    min(waiting, key=waiting.__getitem__).drop()
    return True
