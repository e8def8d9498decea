"""Threads that share the rows of a compiled loop among them.

Plain threads around loops that release the interpreter's lock: unlike numba's own parallel loops these may be started
from several threads at once, and a process may fork after them.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from numba import config

Result = TypeVar("Result")


class RowThreads:
    """As many threads as numba would use (NUMBA_NUM_THREADS, by default the cores); used in a ``with``."""

    def __init__(self, count: int | None = None) -> None:
        self._count = thread_count() if count is None else count
        self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="reseen")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def share(self, rows: int, work: Callable[[slice], Result]) -> list[Result]:
        """Call ``work`` with slices that together cover the rows; the results are in the order of the rows."""
        step = max(1, -(-rows // self._count))
        parts = [slice(start, min(start + step, rows)) for start in range(0, rows, step)]
        return [work(part) for part in parts] if len(parts) < 2 else list(self._pool.map(work, parts))


def thread_count() -> int:
    """How many threads ``RowThreads`` has by default."""
    return int(config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
