"""Batches concurrent calls: the items that arrive while the worker is busy become its next batch.

A single caller is served at once, and more callers make larger batches. Where ``coming`` says that items are on their
way, a batch waits for them, but only for moments.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_PATIENCE = 0.01
"""Seconds that a batch waits for items that are on their way: about one pass of a light network."""


class Batcher(Generic[Item, Result]):
    """Runs ``work`` in one thread on batches of at most ``most`` items.

    ``work`` returns a result or an exception for each item. ``watch`` is called with the size of each batch. ``coming``
    is how many items are on their way. Use it as ``async with``, and ``await batcher(item)`` inside the block.
    """

    def __init__(
        self,
        work: Callable[[list[Item]], Sequence[Result | Exception]],
        *,
        most: int,
        watch: Callable[[int], object] = lambda _: None,
        coming: Callable[[], int] = lambda: 0,
    ) -> None:
        self._work, self._most, self._watch, self._coming = work, most, watch, coming

    async def __aenter__(self) -> "Batcher[Item, Result]":
        self._queue: asyncio.Queue[tuple[Item, asyncio.Future[Result]]] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reseen-batch")
        self._task = asyncio.create_task(self._serve())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._thread.shutdown)

    async def __call__(self, item: Item) -> Result:
        """The item's result, or its exception raised."""
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((item, answer))
        return await answer

    async def _serve(self) -> None:
        while True:
            batch = await self._gathered()
            pending = [(item, answer) for item, answer in batch if not answer.done()]  # callers may be cancelled
            if pending:
                await self._serve_batch(pending)

    async def _gathered(self) -> "list[tuple[Item, asyncio.Future[Result]]]":
        """What waits, and what is on its way and comes in time."""
        batch = [await self._queue.get()]
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while len(batch) < self._most and (self._coming() or not self._queue.empty()):
                    batch.append(await self._queue.get())
        return batch

    async def _serve_batch(self, batch: list[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        self._watch(len(batch))
        loop = asyncio.get_running_loop()
        results: Sequence[Result | Exception]
        try:
            results = await loop.run_in_executor(self._thread, self._work, [item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - raised again in each caller
            results = [error] * len(batch)
        for (_, answer), result in zip(batch, results, strict=True):
            if answer.done():
                continue
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)
