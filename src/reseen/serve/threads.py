"""Threads for blocking work, with a limit that counts each piece of work until its thread is done."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


class Threads:
    """Runs at most ``most`` pieces of work at a time. Use it as ``async with``, and ``await threads(work)`` inside.

    A caller that is cancelled while it waits for its turn returns at once. A thread that has started cannot be stopped:
    it keeps its place, and its caller waits, until it is done.
    """

    def __init__(self, most: int) -> None:
        self._most = most

    async def __aenter__(self) -> "Threads":
        self._places = asyncio.Semaphore(self._most)
        self._pool = ThreadPoolExecutor(self._most, thread_name_prefix="reseen-serve")
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._pool.shutdown)

    async def __call__(self, work: Callable[[], Result]) -> Result:
        """The work's result, or its exception raised."""
        async with self._places:
            running = asyncio.get_running_loop().run_in_executor(self._pool, work)
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                while not running.done():
                    with suppress(asyncio.CancelledError):
                        await asyncio.wait([running])
                running.exception()  # retrieved, so that asyncio does not log it
                del running  # its traceback keeps the work's objects alive
                raise
