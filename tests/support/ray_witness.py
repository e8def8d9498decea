"""A pool whose processes leave traces: which of them worked, and one of them dies."""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any

from reseen.errors import ReseenError
from reseen.retrieval.ray_pool import RayPool


def failing(reason: str) -> Callable[[Any], Any]:
    """Makes no worker."""
    raise ReseenError(reason)


class Witness:
    """A worker that notes its process, waits until there is another, and the first of all to finish a task dies."""

    def __init__(self, make: Callable[[], Callable[[Any], Any]], folder: Path) -> None:
        self._work, self._folder = make(), folder
        (folder / f"process {os.getpid()}").touch()

    def __call__(self, task: Any) -> Any:
        while len(list(self._folder.glob("process *"))) < 2:
            sleep(0.05)
        try:
            (self._folder / "died").touch(exist_ok=False)
        except FileExistsError:
            return self._work(task)
        self._work(task)  # what it has added is there, but nobody hears of it
        os._exit(1)


class WatchedPool(RayPool):
    """A pool of such workers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(processes=2)  # as many as a test counts
        self._folder = folder

    def __call__(self, make: Callable[[], Callable[[Any], Any]], tasks: Iterable[Any]) -> Iterator[Any]:
        return super().__call__(partial(Witness, make, self._folder), tasks)
