"""What one request may ask of the service: bytes, seconds, and a place among those that are being answered."""

import asyncio
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reseen.serve.refusal import refusal


class Limits(NamedTuple):
    """``bytes`` of a request's body, ``pixels`` of a picture, ``seconds`` until an answer must stand.

    ``rate``: requests a second from one address, of which ``burst`` may come at once. ``at_once``: requests being
    answered; further ones are sent away at once, so that a crowd cannot fill the memory.
    """

    bytes: int = 20_000_000
    pixels: int = 40_000_000
    seconds: float = 30.0
    rate: float = 50.0
    burst: int = 200
    at_once: int = 64


DEFAULT_LIMITS = Limits()


class Limited:
    """Passes on what is within the limits of bytes, seconds and crowd; answers the rest itself."""

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        self._app, self._limits = app, limits
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._inside >= self._limits.at_once:
            busy = refusal(503, f"busy: {self._limits.at_once} requests are being answered", retry_after=1)
            await busy(scope, receive, send)
            return
        self._inside += 1
        try:
            await self._answered_in_time(scope, receive, send)
        finally:
            self._inside -= 1

    async def _answered_in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(self._limits.seconds):
                await self._app(scope, self._counted(receive), watched)
        except TimeoutError:
            if begun:
                raise
            late = refusal(504, f"no answer within {self._limits.seconds:g} seconds; send a smaller picture, or again")
            await late(scope, receive, send)

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
