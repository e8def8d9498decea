"""Ctrl-C and SIGTERM during training: finish the step, save, say how to go on."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType


class Stopped(Exception):  # noqa: N818 - not an error: the run is saved and can go on
    """The user stopped a run; it is saved and the message says how to resume it."""


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Inside the block the first SIGINT or SIGTERM only sets what the yielded function tells; a second one interrupts.

    Outside the main thread signals cannot be caught, and nothing changes.
    """
    if current_thread() is not main_thread():
        yield lambda: False
        return
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
