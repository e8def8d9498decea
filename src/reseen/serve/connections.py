"""A connection that no client holds for nothing: it has a deadline while it waits for its client, and gives way."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from reseen.serve.addresses import client_key
from reseen.serve.middleware.limits import Limits

_TURNED_AWAY = b'{"detail": "busy: too many connections"}'


class Connection(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it; the service waits so long for the client, and no longer.

    It waits from the start, and again from each answer, until a request's head is whole, and while nobody takes an
    answer. Where the client's address or the service has too many connections, the one that has waited longest gives
    way to a new one; where all are being answered, the new one is turned away. ``dropped`` is told of each that goes.
    """

    def __init__(self, *, limits: Limits, dropped: Callable[[], object], **by_uvicorn: Any) -> None:
        super().__init__(**by_uvicorn)
        self._limits, self._dropped = limits, dropped
        self.deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        self.owner = client_key(self.client[0] if self.client else "")
        if not self._finds_room():
            self._turn_away()
        self._watch_client()

    def handle_events(self) -> None:
        """Bytes have come, or are there from before."""
        super().handle_events()
        self._watch_client()

    def on_response_complete(self) -> None:
        """The next request may come."""
        super().on_response_complete()
        self._watch_client()

    def pause_writing(self) -> None:
        """The client takes less than it is sent."""
        super().pause_writing()
        self._watch_client()

    def resume_writing(self) -> None:
        """It has taken it."""
        super().resume_writing()
        self._watch_client()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        super().connection_lost(exc)
        self._call_off()

    def _watch_client(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and not self.flow.write_paused and not self.transport.is_closing():
            self._call_off()
        elif self.deadline is None and self in self.connections:
            self.deadline = self.loop.call_later(self._limits.client_seconds, self.drop)

    def _call_off(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _finds_room(self) -> bool:
        own = [other for other in self._others() if other.owner == self.owner]
        if not _makes_room(own, most=self._limits.from_one):
            return False
        return _makes_room(self._others(), most=self._limits.connections)

    def _others(self) -> list["Connection"]:
        return [other for other in self.connections if isinstance(other, Connection) and other is not self]

    def _turn_away(self) -> None:
        self._dropped()
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(_TURNED_AWAY))),
            ("Retry-After", "1"),
            ("Connection", "close"),
        ]
        for event in (h11.Response(status_code=503, headers=headers), h11.Data(_TURNED_AWAY), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def drop(self) -> None:
        """Without a word: `close` would wait for a client that takes nothing."""
        self._dropped()
        self.connections.discard(self)
        self.transport.abort()


def _makes_room(crowd: Collection[Connection], *, most: int) -> bool:
    """Whether there is room for one more, if need be because one that waits for its client is dropped."""
    if len(crowd) < most:
        return True
    waiting = {other: other.deadline.when() for other in crowd if other.deadline is not None}
    if not waiting:
        return False
    min(waiting, key=waiting.__getitem__).drop()
    return True
