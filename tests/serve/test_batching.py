"""One worker for many callers: what comes together goes together, and nobody gets another's answer."""

import asyncio
from threading import Event, current_thread

import pytest

from reseen.serve.batching import Batcher


class Doubling:
    """Doubles numbers; its first batch waits until it is let go. Negative numbers are errors."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()
        self.go = Event()

    def __call__(self, items: list[int]) -> list[int | Exception]:
        self.batches.append(items)
        self.threads.add(current_thread().name)
        assert self.go.wait(10)
        return [ValueError(f"{item} is negative") if item < 0 else 2 * item for item in items]


async def gathered(work: Doubling, items: list[int], *, most: int) -> list[object]:
    """The first item alone, the others while it is being worked on."""
    async with Batcher(work, most=most) as batcher:
        first = asyncio.create_task(batcher(items[0]))
        while not work.batches:
            await asyncio.sleep(0.001)
        others = [asyncio.create_task(batcher(item)) for item in items[1:]]
        await asyncio.sleep(0.01)
        work.go.set()
        return await asyncio.gather(first, *others, return_exceptions=True)


def test_items_that_arrive_during_a_batch_are_the_next_one() -> None:
    work = Doubling()
    assert asyncio.run(gathered(work, list(range(8)), most=5)) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert work.batches == [[0], [1, 2, 3, 4, 5], [6, 7]]
    assert len(work.threads) == 1


def test_an_error_of_one_item_reaches_its_caller_alone() -> None:
    found = asyncio.run(gathered(Doubling(), [1, -2, 3], most=8))
    assert found[::2] == [2, 6]
    assert str(found[1]) == "-2 is negative"


def test_a_failing_batch_fails_all_its_callers_and_the_next_is_served() -> None:
    calls = 0

    def work(items: list[int]) -> list[int]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("no")
        return items

    async def twice() -> int:
        async with Batcher(work, most=4) as batcher:
            with pytest.raises(RuntimeError, match="no"):
                await batcher(1)
            return await batcher(2)

    assert asyncio.run(twice()) == 2


def test_items_of_cancelled_callers_are_left_out_of_a_batch() -> None:
    work, sizes = Doubling(), []

    async def impatient() -> int:
        async with Batcher(work, most=8, watch=sizes.append) as batcher:
            first = asyncio.create_task(batcher(1))
            while not work.batches:
                await asyncio.sleep(0.001)
            gone, stays = (asyncio.create_task(batcher(item)) for item in (2, 3))
            await asyncio.sleep(0.01)
            gone.cancel()
            await asyncio.sleep(0)
            work.go.set()
            await first
            return await stays

    assert asyncio.run(impatient()) == 6
    assert work.batches == [[1], [3]]
    assert sizes == [1, 1]


def test_a_batch_waits_for_the_items_that_are_on_their_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reseen.serve.batching._PATIENCE", 5)
    work, coming = Doubling(), [1]
    work.go.set()

    async def late(batcher: Batcher[int, int]) -> int:
        await asyncio.sleep(0.002)
        coming[0] = 0
        return await batcher(2)

    async def both() -> list[int]:
        async with Batcher(work, most=8, coming=lambda: coming[0]) as batcher:
            return await asyncio.gather(batcher(1), late(batcher))

    assert asyncio.run(both()) == [2, 4]
    assert work.batches == [[1, 2]]


def test_what_is_on_its_way_and_never_comes_is_not_waited_for_long() -> None:
    work = Doubling()
    work.go.set()

    async def alone() -> int:
        async with Batcher(work, most=8, coming=lambda: 1) as batcher:
            return await asyncio.wait_for(batcher(1), timeout=5)

    assert asyncio.run(alone()) == 2
    assert work.batches == [[1]]
