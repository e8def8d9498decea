"""The lock that keeps other processes from writing to a gallery in a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reseen.errors import ReseenError
from reseen.file_lock import file_lock


@contextmanager
def writer_lock(folder: Path | None, *, patience: float, name: str = "writer.lock") -> Iterator[None]:
    """Keep other processes from writing to the gallery in ``folder``; None, for an object store, locks nothing.

    Raises ReseenError once ``patience`` seconds are over, and where the file system has no locks.
    """
    if folder is None:
        yield
        return
    advice = "try again when it is done (searching is possible meanwhile)"
    # The file stays, because a process that waits for it may run a version that would go on with the removed one.
    with file_lock(folder / name, patience=patience, advice=advice, keep=True) as problem:
        if problem:
            raise ReseenError(
                f"{folder}: cannot keep other writers out, the file system has no locks ({problem}); keep the gallery "
                "on one that has them (searching is possible here)"
            )
        yield
