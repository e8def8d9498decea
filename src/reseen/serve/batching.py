"""Batches concurrent calls: the items that arrive while the worker is busy become its next batch.

There is no timer: a single caller is served at once, and more callers make larger batches.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Runs ``work`` in one thread on batches of at most ``most`` items.

    ``work`` returns a result or an exception for each item. ``watch`` is called with the size of each batch. Use it as
    ``async with``, and ``await batcher(item)`` inside the block.
    """

    def __init__(
        self,
        work: Callable[[list[Item]], Sequence[Result | Exception]],
        *,
        most: int,
        watch: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._work, self._most, self._watch = work, most, watch

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
            batch = [await self._queue.get()]
            while len(batch) < self._most and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            pending = [(item, answer) for item, answer in batch if not answer.done()]  # callers may be cancelled
            if pending:
                await self._serve_batch(pending)

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
