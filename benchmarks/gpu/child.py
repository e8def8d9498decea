"""One part in a process of its own: its cells, one after another, until its time is up."""

import gc
import os
import signal
from collections.abc import Iterable
from importlib import import_module
from threading import Thread
from time import monotonic, sleep

import torch

from gpu.part import Cell, Part, Setting
from gpu.results import Results, said


def run_part(part: Part, setting: Setting, *, results: Results, deadline: float) -> None:
    """Measure what is not done yet and ends before ``deadline`` of `time.monotonic`."""
    cells = list(import_module(f"gpu.{part.module}").cells(setting))
    run_cells(cells, part=part.name, results=results, deadline=deadline)
    if results.done(part.name) >= {cell.name for cell in cells}:
        results.complete(part.name)


def run_cells(cells: Iterable[Cell], *, part: str, results: Results, deadline: float) -> None:
    """Measure cells into results until ``deadline`` of `time.monotonic`.

    A cell that would end later is left for another call. What goes wrong in a cell, memory above all, becomes a row.
    """
    for cell in cells:
        if cell.name in results.done(part) or monotonic() + cell.seconds > deadline:
            continue
        results.start(part, cell.name)
        try:
            for row in cell.measure():
                results.add(part, cell.name, row)
                print(f"{part}: {', '.join(f'{name} {said(value)}' for name, value in row.items())}", flush=True)
        except torch.OutOfMemoryError:
            results.add(part, cell.name, {"row": cell.name, "failed": "out of memory"})
        except (RuntimeError, ValueError, OSError) as error:  # one cell must not cost the others their time
            results.add(part, cell.name, {"row": cell.name, "failed": first_words(error)})
        results.finish(part, cell.name)
        give_back_memory()


def end_with(parent: int) -> None:
    """End this process and those that it started when ``parent`` is no more, so that nothing is left on the card."""

    def watch() -> None:
        while os.getppid() == parent:
            sleep(1)
        os.killpg(0, signal.SIGKILL)

    Thread(target=watch, daemon=True).start()


def give_back_memory() -> None:
    """What a cell held on the card, so that the next one begins with all of it."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def first_words(error: BaseException) -> str:
    """What an error says, in a table's cell."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".replace("|", "/")
