"""The lock that allows one training at a time in a run directory."""

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
    """Hold the training lock of ``folder`` inside the block; the folder is created if needed.

    The first process holds the lock for all. Raises ReseenError, in all, when the folder is in use or cannot be made.
    A folder created here is removed afterwards if it is empty.
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
    """Remove unfinished files of a killed training, of the kinds that only a training writes."""
    files = (run.recipe_file, run.environment_file, run.data_file, run.metrics_file, run.last_checkpoint)
    for file in (*files, run.best_weights, run.texts_file, run.texts_checkpoint, run.text_vectors):
        remove_unfinished(file)
