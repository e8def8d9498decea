"""What one request may ask of the service: bytes, seconds, and a place among those that are being answered."""

import asyncio
from asyncio import Future, Task
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reseen.serve.error_response import refusal


class Limits(NamedTuple):
    """``bytes`` of a request's body, ``pixels`` of a picture, ``seconds`` until an answer must stand.

    ``rate``: requests a second from one address, of which ``burst`` may come at once. ``at_once``: requests at work;
    further ones are sent away at once, so that a crowd cannot fill the memory. ``connections`` at a time, of which
    ``from_one`` address so many. ``client_seconds``: how long the service waits for a whole head of a request, and
    for somebody to take an answer.
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
"""Where a request's scope says how its deadline is lifted."""


def wait_for_the_end(scope: Scope) -> None:
    """Lift the deadline of the request: what is being written is not given up halfway, and its answer is true.

    HTTPException 503 where too much is being written already: it may take long, and others must find a place.
    """
    scope[_LIFT]()


class Limited:
    """Passes on what is within the limits of bytes, seconds and crowd; answers the rest itself.

    A request that is given up is told so in time, but has its place among the crowd until its work ends.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        self._app, self._limits = app, limits
        self._inside = 0
        self._writing = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._inside >= self._limits.at_once:
            busy = refusal(503, f"busy: {self._limits.at_once} requests are being answered", retry_after=1)
            await busy(scope, receive, send)
        elif not await self._answered_in_time(scope, receive, send):
            late = refusal(504, f"no answer within {self._limits.seconds:g} seconds; send a smaller picture, or again")
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
            del scope[_LIFT]  # else request and work hold each other, and what they hold, until the next collection
        if not late.done():
            work.result()
        elif begun:
            raise TimeoutError
        return not late.done()

    def _leave(self, work: Task[None]) -> None:
        self._inside -= 1
        if not work.cancelled():
            work.exception()  # whoever still waits for it is told; asyncio would tell it once more

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
        """``receive``, until the body has grown beyond the limit."""
        taken = 0

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limits.bytes:
                raise HTTPException(413, f"expected at most {self._limits.bytes:,} bytes, got more")
            return message

        return counting
