"""So much work at a time, each piece in a thread, where it keeps its place until it is done."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


class Threads:
    """At most ``most`` pieces of work at a time. Used as ``async with``; within the block, ``await threads(work)``.

    A caller that is cancelled while it waits for its turn goes at once. Later nothing can stop its thread: it then
    keeps its place, and the caller stays, until the thread is done.
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
        """What the work gives; its exception is raised."""
        async with self._places:
            running = asyncio.get_running_loop().run_in_executor(self._pool, work)
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                while not running.done():
                    with suppress(asyncio.CancelledError):
                        await asyncio.wait([running])
                running.exception()  # heard, though nobody is left to be told
                del running  # its traceback holds what the work held
                raise
