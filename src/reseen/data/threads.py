"""Work on many entries in threads, with the results in order."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from reseen.progress import ProgressCallback

Entry = TypeVar("Entry")
Result = TypeVar("Result")
_IN_FLIGHT = 512
_MOST = 32
"""More threads that decode would hold more images in memory than they save time."""


def cores() -> int:
    """How many threads decode at once: one for each core that this process may use, up to 32."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST, usable)


def in_threads(
    work: Callable[[Entry], Result],
    entries: Sequence[Entry],
    *,
    progress: ProgressCallback | None = None,
    threads: int | None = None,
) -> Iterator[tuple[Entry, Result]]:
    """Yield each entry with ``work(entry)``, in order.

    Args:
        work: The function that threads call.
        entries: What it is called with. Threads work ahead of the caller by `_IN_FLIGHT` entries at most.
        progress: Called with (done, total) after each entry.
        threads: How many threads; None for Python's own choice.
    """
    with ThreadPoolExecutor(threads) as pool:
        waiting = iter(entries)
        flight = [(entry, pool.submit(work, entry)) for entry in islice(waiting, _IN_FLIGHT)]
        for done in range(1, len(entries) + 1):
            place = (done - 1) % _IN_FLIGHT
            entry, future = flight[place]
            result = future.result()
            for later in islice(waiting, 1):
                flight[place] = (later, pool.submit(work, later))
            if progress:
                progress(done, len(entries))
            yield entry, result
