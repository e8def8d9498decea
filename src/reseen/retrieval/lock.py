"""One writer at a time: a lock on a file in the gallery's folder, which the system lets go when its holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from reseen.errors import ReseenError

_PAUSE = 0.05


@contextmanager
def one_writer(folder: Path | None, *, patience: float) -> Iterator[None]:
    """Hold the folder's lock inside the block; None, for an object store, locks nothing.

    Raises ReseenError that names the process which writes, once ``patience`` seconds were waited.
    """
    if folder is None:
        yield
        return
    try:
        file = os.open(folder / "writer.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ReseenError(f"{folder}: cannot write here: {error.strerror}") from None
    try:
        _acquire(file, folder, until=monotonic() + patience)
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(file)


def _acquire(file: int, folder: Path, *, until: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() >= until:
                holder = os.pread(file, 20, 0).decode() or "another"
                raise ReseenError(
                    f"{folder}: the gallery is in use: process {holder} is writing to it; try again when it is done "
                    "(searching is possible meanwhile)"
                ) from None
            sleep(_PAUSE)
        else:
            return
