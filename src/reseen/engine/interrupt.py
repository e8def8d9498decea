"""Ctrl-C and SIGTERM during training: finish the step, save, say how to continue."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType


class Stopped(Exception):  # noqa: N818 - not an error: the run is saved and can continue
    """The user stopped a run; it is saved and the message says how to resume it."""


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether SIGINT or SIGTERM came inside the block; a second one interrupts.

    Outside the main thread signals cannot be caught, and the function is always False.
    """
    if current_thread() is not main_thread():
        yield lambda: False
        return
    requested = False

    def request(_number: int, _frame: FrameType | None) -> None:
        nonlocal requested
        if requested:
            raise KeyboardInterrupt
        requested = True

    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: requested
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
