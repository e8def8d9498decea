"""Processes that begin with the library imported, by Python's fork server: a new interpreter needs seconds for that.

Each is a process of its own, with its own folder, environment and output, and may be killed.
"""

import gc
import multiprocessing
import os
import socket
import sys
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import torch

from reseen.cli import main

IMPORTED = [
    *("numba", "polars", "timm", "torchvision.transforms.v2", "reseen.cli.train", "reseen.data.dataset"),
    *("reseen.report.run_page", "reseen.tasks.reid.evaluate", "reseen.tasks.reid.train"),
]


class Ended(NamedTuple):
    """A process's exit code, and what it printed, errors included."""

    code: int | None
    printed: str


class Begun(NamedTuple):
    """A process that has begun, and the file that it prints into."""

    process: BaseProcess
    printed: Path

    def end(self, *, within: float) -> Ended:
        """Wait so many seconds for its end, then kill it."""
        self.process.join(within)
        self.process.kill()
        self.process.join()
        return Ended(self.process.exitcode, self.printed.read_text())


def begin(call: Callable[[], object], folder: Path, variables: Mapping[str, str] | None = None) -> Begun:
    """Make the call in a process that works in ``folder`` and has these environment variables too."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    printed = folder / f"printed-{len(list(folder.glob('printed-*')))}.txt"
    printed.touch()
    process = context.Process(target=_run, args=(call, folder, printed, dict(variables or {})))
    process.start()
    return Begun(process, printed)


def run_in_two(call: Callable[[], object], folder: Path) -> str:
    """Make the call in two processes that find each other by what torchrun sets, and return what they printed."""
    with socket.socket() as free:
        # Bound while both run, so that nobody else is given the port; rank 0 may listen on it all the same.
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", 0))
        world = {"TORCHELASTIC_RUN_ID": "test", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
        world |= {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "GROUP_RANK": "0"}
        begun = [begin(call, folder, {**world, "RANK": rank, "LOCAL_RANK": rank}) for rank in "01"]
        ended = [process.end(within=120) for process in begun]
    assert [end.code for end in ended] == [0, 0], ended
    return "".join(end.printed for end in ended)


def run_command(*words: str) -> None:
    """Run one command of reseen in this process."""
    sys.argv = ["reseen", *words]
    main()


def _run(call: Callable[[], object], folder: Path, printed: Path, variables: Mapping[str, str]) -> None:
    gc.freeze()  # what was imported before this process began is no garbage, and is long to search
    os.chdir(folder)
    os.environ.update(variables)
    with printed.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    torch.set_num_threads(1)
    call()
