"""Worker processes that each hold a renderer: started afresh, never forked."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from typing import Any, Protocol, TypeVar

from reseen.processes import usable_workers

Job_contra = TypeVar("Job_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Worker(Protocol[Job_contra, Result_co]):
    """The object that a process holds and gives its jobs to."""

    def take(self, job: Job_contra) -> Result_co:
        """Do one job."""
        ...

    def close(self) -> None:
        """Release its resources."""
        ...


def work_through(make: Callable[[], Worker[Any, Any]], jobs: Sequence[Any], *, workers: int) -> Iterator[Any]:
    """The result of each job as it is done, in any order; ``make`` and the jobs are sent to the processes."""
    workers = usable_workers(workers)
    return _here(make, jobs) if workers <= 1 else _spread(make, jobs, workers)


def _here(make: Callable[[], Worker[Any, Any]], jobs: Sequence[Any]) -> Iterator[Any]:
    worker = make()
    try:
        yield from map(worker.take, jobs)
    finally:
        worker.close()


def _spread(make: Callable[[], Worker[Any, Any]], jobs: Sequence[Any], workers: int) -> Iterator[Any]:
    # A forked renderer would share its parent's buffers, so workers start afresh.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context, initializer=partial(_open, make))
    try:
        for future in as_completed([pool.submit(_take, job) for job in jobs]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


_WORKER: list[Worker[Any, Any]] = []
"""The process's own worker: opened once by the pool, then used by every job."""


def _open(make: Callable[[], Worker[Any, Any]]) -> None:
    _WORKER[:] = [make()]


def _take(job: Any) -> Any:
    return _WORKER[0].take(job)
