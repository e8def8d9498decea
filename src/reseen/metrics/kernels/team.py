"""Threads that share the rows of a compiled loop out among them.

Plain threads around loops that release the interpreter's lock: unlike numba's own parallel loops these may be started
from several threads at once, and a process may fork after them.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from numba import config

Result = TypeVar("Result")


class Team:
    """As many threads as numba would use (NUMBA_NUM_THREADS, by default the cores); used in a ``with``."""

    def __init__(self, size: int | None = None) -> None:
        self._size = threads() if size is None else size
        self._pool = ThreadPoolExecutor(self._size, thread_name_prefix="reseen")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def share(self, count: int, work: Callable[[slice], Result]) -> list[Result]:
        """Call ``work`` with slices that together are ``count`` rows; the results in the order of the rows."""
        step = max(1, -(-count // self._size))
        parts = [slice(start, min(start + step, count)) for start in range(0, count, step)]
        return [work(part) for part in parts] if len(parts) < 2 else list(self._pool.map(work, parts))


def threads() -> int:
    """How many threads a team has unless told."""
    return int(config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
