"""So many threads at a time, also when their callers give up."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from threading import Event, Lock

import pytest

from reseen.serve.threads import Threads


class Work:
    """Runs until it is let go; ``running`` now, and the ``most`` that ever ran at a time."""

    def __init__(self) -> None:
        self.running = self.most = self.begun = 0
        self.go = Event()
        self._lock = Lock()

    def __call__(self) -> None:
        with self._lock:
            self.begun += 1
            self.running += 1
            self.most = max(self.most, self.running)
        assert self.go.wait(10)
        with self._lock:
            self.running -= 1


async def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never came true")


def test_callers_that_give_up_do_not_make_more_threads() -> None:
    work = Work()

    async def crowd() -> None:
        async with Threads(2) as threads:
            callers = [asyncio.create_task(threads(work)) for _ in range(20)]
            await until(lambda: work.begun == 2)
            for caller in callers:
                caller.cancel()
            later = asyncio.create_task(threads(work))
            await until(lambda: sum(caller.done() for caller in callers) == 18)
            assert work.begun == 2, "nobody takes the place of a thread that is still at work"
            work.go.set()
            await later
            await asyncio.wait(callers)  # the second thread may still be at work when the first has served the last
            assert all(caller.cancelled() for caller in callers)

    asyncio.run(crowd())
    assert (work.most, work.begun) == (2, 3)


def test_a_failure_reaches_its_caller_and_leaves_the_place_free() -> None:
    async def failing() -> int:
        async with Threads(1) as threads:
            for _ in range(3):
                with pytest.raises(ZeroDivisionError):
                    await threads(lambda: 1 // 0)
            return await threads(lambda: 7)

    assert asyncio.run(failing()) == 7


def test_a_failure_that_nobody_waits_for_says_nothing_and_holds_nothing() -> None:
    told: list[object] = []
    go = Event()
    held: list[weakref.ref[Work]] = []

    def fail() -> None:
        large = Work()
        held.append(weakref.ref(large))
        go.wait(10)
        raise OSError

    async def failing() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        async with Threads(1) as threads:
            caller = asyncio.create_task(threads(fail))
            await until(lambda: len(held) == 1)
            caller.cancel()
            await asyncio.sleep(0)
            go.set()
            await asyncio.wait([caller])
            assert caller.cancelled()
            await until(lambda: held[0]() is None)

    gc.disable()
    try:
        asyncio.run(failing())
    finally:
        gc.enable()
    assert told == []
