"""Processes that Ray starts, on this machine or on a cluster: each takes a task when it is free."""

import logging
import signal
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import chain, islice
from typing import Any, Self, TypeVar

from reseen.errors import ReseenError
from reseen.extras import extra

Task = TypeVar("Task")
Result = TypeVar("Result")

_LIVES = 3
"""How often Ray starts a process again that died, and gives its task to it or to another."""


class _Process:
    """One process of the pool, which makes its worker once, when it is opened."""

    def __init__(self, make: Callable[[], Callable[[Any], Any]]) -> None:
        self._worker = cache(make)

    def open(self) -> None:
        """Make the worker."""
        self._worker()

    def run(self, task: Any) -> Any:
        """The worker's result; a process that was started again makes its worker first."""
        return self._worker()(task)


class RayPool:
    """Processes of Ray, each of which does one task after another.

    On a cluster, every machine must have reseen installed, and see whatever the tasks name under the same paths.
    Inside ``with pool:`` the Ray that the first call starts, which takes seconds, serves all others.

    Args:
        device: PyTorch's name of the device that each process works on.
        address: The Ray cluster's address; by default processes of this machine, or the cluster that is joined already.
        processes: The largest number of processes; by default one for each core, or for each GPU on such a device.

    Raises:
        ReseenError: Ray is not installed.
    """

    def __init__(self, *, device: str = "cpu", address: str | None = None, processes: int | None = None) -> None:
        if processes is not None and processes < 1:
            raise ValueError(f"expected at least 1 process, got {processes}")
        with extra("ray"):
            import ray
        self._ray: Any = ray
        self.device = "cuda" if device.startswith("cuda") else device  # Ray shows a process its own GPU alone
        self._address, self._most = address, processes
        self._kept: ExitStack | None = None

    def __enter__(self) -> Self:
        if self._kept is not None:
            raise ValueError("expected one `with` of a pool at a time: this pool is kept already")
        self._kept = ExitStack()
        return self

    def __exit__(self, *error: object) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def __call__(self, make: Callable[[], Callable[[Task], Result]], tasks: Iterable[Task]) -> Iterator[Result]:
        """Do the tasks, and yield each result as it is there, in any order. Tasks are taken when a process is free.

        Args:
            make: Makes the worker of a process, inside it. It is called again where a process died.
            tasks: What workers are called with. A task may be done twice, where its process died.

        Raises:
            ReseenError: The cluster cannot be reached, a process died again and again, or what a worker raised.
        """
        waiting = iter(tasks)
        if first := list(islice(waiting, 1)):  # Ray takes seconds to start
            with ExitStack() as call:
                (self._kept or call).enter_context(_joined(self._ray, self._address))
                yield from self._results(make, chain(first, waiting))

    def _results(self, make: Callable[[], Callable[[Task], Result]], tasks: Iterator[Task]) -> Iterator[Result]:
        begun = list(islice(tasks, self._count()))
        waiting = chain(begun, tasks)
        # A cluster may have no room for some of the processes: those get no task, and nobody waits for them.
        opening = {process.open.remote(): process for process in (self._begin(make) for _ in begun)}
        working: dict[Any, Any] = {}
        left = True
        while working or (left and opening):
            (done,), _ = self._ray.wait([*working, *opening], num_returns=1)
            worked = done in working
            process = (working if worked else opening).pop(done)
            result = self._result(done)
            left = False
            for task in islice(waiting, 1):
                working[process.run.remote(task)] = process
                left = True
            if worked:
                yield result

    @property
    def _on_gpu(self) -> bool:
        return self.device == "cuda"

    def _count(self) -> int:
        """How many processes there may be."""
        kind = "GPU" if self._on_gpu else "CPU"
        there = int(self._ray.cluster_resources().get(kind, 0))
        if there < 1:
            raise ReseenError(f"expected a {kind} on a machine of the Ray cluster, got none")
        return min(self._most or there, there)

    def _begin(self, make: Callable[[], Any]) -> Any:
        """A process, which Ray starts wherever there is room."""
        needs = {"num_gpus": 1} if self._on_gpu else {"num_cpus": 1}
        kind = self._ray.remote(max_restarts=_LIVES, max_task_retries=_LIVES, **needs)(_Process)
        return kind.remote(make)

    def _result(self, done: Any) -> Any:
        errors = self._ray.exceptions
        try:
            return self._ray.get(done)
        except errors.RayTaskError as error:
            if isinstance(error.cause, ReseenError):
                raise error.cause from None
            raise
        except errors.RayError as error:
            raise ReseenError(
                f"a process on Ray was lost; what was done is kept, the same call continues: {_told(error)}"
            ) from None


@contextmanager
def _joined(ray: Any, address: str | None) -> Iterator[None]:
    """Connect to the cluster, quietly; an existing connection is kept."""
    if ray.is_initialized():
        yield
        return
    try:
        with warnings.catch_warnings():
            # The child only executes Ray's own programs.
            warnings.filterwarnings("ignore", "lance(db fork support| is not fork-safe)")
            with _own_sigterm():
                ray.init(
                    address=address or "local",
                    include_dashboard=None if address else False,
                    logging_level=logging.ERROR,
                    log_to_driver=False,
                )
    except Exception as error:  # noqa: BLE001 - Ray raises bare Exceptions
        where = f"the Ray cluster at {address} was not reached" if address else "Ray did not start on this machine"
        raise ReseenError(f"{where}: {_told(error)}") from None
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """What SIGTERM does stays as it is; Ray ends the process at once."""
    asked = signal.getsignal(signal.SIGTERM)
    yield
    if threading.current_thread() is threading.main_thread() and asked is not None:
        signal.signal(signal.SIGTERM, asked)


def _told(error: Exception) -> str:
    """The first line of Ray's message, and the last, which names the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[0] if len(lines) == 1 else f"{lines[0]} ({lines[-1]})"
