"""Limits of requests: bytes, seconds, and how many are answered at once."""

import asyncio
from asyncio import Future, Task
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reseen.serve.error_response import error_response


class Limits(NamedTuple):
    """Limits of the service.

    Attributes:
        bytes: The largest body of a request.
        pixels: The largest image.
        seconds: The time to answer a request.
        rate: Requests a second from one client.
        burst: Requests that one client may send at once.
        at_once: Requests that are answered at the same time; further ones get status 503, to bound the memory.
        connections: Open connections.
        from_one: Open connections of one client.
        client_seconds: How long the service waits for the complete head of a request, and for a client to read.
    """

    bytes: int = 20_000_000
    pixels: int = 40_000_000
    seconds: float = 30.0
    rate: float = 50.0
    burst: int = 200
    at_once: int = 64
    connections: int = 512
    from_one: int = 48
    client_seconds: float = 10.0


DEFAULT_LIMITS = Limits()
_LIFT = "reseen.lift"
"""The key of a request's scope that holds the function to lift its deadline."""


def lift_deadline(scope: Scope) -> None:
    """Lift the request's deadline, so that a write is never abandoned halfway and its answer is true.

    Raises HTTPException 503 if too many writes are in progress: they may take long, and must leave places for others.
    """
    scope[_LIFT]()


class LimitsMiddleware:
    """Passes on requests within the limits, and answers the others itself.

    A request that takes too long is answered in time, but counts as being answered until its work ends.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        self._app, self._limits = app, limits
        self._inside = 0
        self._writing = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._inside >= self._limits.at_once:
            busy = error_response(503, f"busy: {self._limits.at_once} requests are being answered", retry_after=1)
            await busy(scope, receive, send)
        elif not await self._answered_in_time(scope, receive, send):
            late = error_response(
                504, f"no answer within {self._limits.seconds:g} seconds; send a smaller image, or again"
            )
            await late(scope, receive, send)

    async def _answered_in_time(self, scope: Scope, receive: Receive, send: Send) -> bool:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        def give_up() -> None:
            if work.cancel():
                late.set_result(None)

        loop = asyncio.get_running_loop()
        late: Future[None] = loop.create_future()
        work = asyncio.ensure_future(self._app(scope, self._counted(receive), watched))
        deadline = loop.call_later(self._limits.seconds, give_up)
        scope[_LIFT] = lambda: self._lift(deadline, work)
        self._inside += 1
        work.add_done_callback(self._leave)
        try:
            await asyncio.wait((work, late), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            work.cancel()
            raise
        finally:
            deadline.cancel()
            del scope[_LIFT]  # a cycle that would keep the request's objects alive until the next collection
        if not late.done():
            work.result()
        elif begun:
            raise TimeoutError
        return not late.done()

    def _leave(self, work: Task[None]) -> None:
        self._inside -= 1
        if not work.cancelled():
            work.exception()  # retrieved, so that asyncio does not log what a waiting caller raises

    def _lift(self, deadline: asyncio.TimerHandle, work: Task[None]) -> None:
        most = max(1, self._limits.at_once // 2)
        if self._writing >= most:
            raise HTTPException(503, f"busy: {most} requests to write are being answered")
        deadline.cancel()
        self._writing += 1
        work.add_done_callback(self._end_writing)

    def _end_writing(self, _: Task[None]) -> None:
        self._writing -= 1

    def _counted(self, receive: Receive) -> Receive:
        """``receive`` that raises once the body exceeds the limit."""
        received = 0

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limits.bytes:
                raise HTTPException(413, f"expected at most {self._limits.bytes:,} bytes, got more")
            return message

        return counting
