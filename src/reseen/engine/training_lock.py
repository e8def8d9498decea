"""One training at a time in a run directory, from before it is looked at until it ends."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from lightning_fabric import Fabric

from reseen.engine.distributed import in_first_process
from reseen.engine.run import IN_USE, TRAINING_LOCK, Run
from reseen.errors import ReseenError
from reseen.file_lock import file_lock
from reseen.files import remove_unfinished
from reseen.progress import Progress


@contextmanager
def claimed(folder: Path, *, fabric: Fabric, progress: Progress) -> Iterator[None]:
    """Inside the block no other training writes into ``folder``, which is made where it is not there yet.

    The first process holds the lock for all. ReseenError, in all: the folder is in use, or cannot be made. A folder
    made here that nothing was written into is gone afterwards.
    """
    with ExitStack() as stack:
        problem = in_first_process(fabric, lambda: stack.enter_context(_training_alone(folder)))
        if problem:
            progress.say(f"{folder}: its file system has no locks, so nothing keeps a second training out of it")
        yield


@contextmanager
def _training_alone(folder: Path) -> Iterator[str]:
    """Yields why the file system locks nothing, "" if the lock is held."""
    try:
        is_new = not folder.exists()
        if not is_new and not folder.is_dir():
            raise ReseenError(f"{folder}: expected a folder for the run, got a file")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReseenError(f"{folder}: the run's folder cannot be made: {error.strerror}") from None
    try:
        with file_lock(folder / TRAINING_LOCK, patience=0, advice=IN_USE) as problem:
            if not problem:
                _tidy(Run(folder))
            yield problem
    finally:
        if is_new:
            with suppress(OSError):
                folder.rmdir()


def _tidy(run: Run) -> None:
    """Remove what a killed training left of the files that nobody but a training writes."""
    files = (run.recipe_file, run.environment_file, run.data_file, run.metrics_file, run.last_checkpoint)
    for file in (*files, run.best_weights):
        remove_unfinished(file)
