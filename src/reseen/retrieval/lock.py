"""One writer at a time: a lock on a file in the gallery's folder, which the system lets go when its holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from reseen.errors import ReseenError

_PAUSE = 0.05


@contextmanager
def one_writer(folder: Path | None, *, patience: float) -> Iterator[None]:
    """Hold the folder's lock inside the block; None, for an object store, locks nothing.

    Raises ReseenError that names the process which writes, once ``patience`` seconds were waited, and where the file
    system has no locks. One that keeps them to each machine, as NFS may be mounted, cannot be told from others: there,
    write from one machine only.
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
        with suppress(OSError):  # who holds it is for messages only; a full disk may yet have room for a deletion
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
                process = os.pread(file, 20, 0).decode()
                holder = f"process {process}" if process else "another process"
                raise ReseenError(
                    f"{folder}: the gallery is in use: {holder} is writing to it; try again when it is done "
                    "(searching is possible meanwhile)"
                ) from None
            sleep(_PAUSE)
        except OSError as error:
            raise ReseenError(
                f"{folder}: cannot keep other writers out, the file system gives no lock ({error.strerror}); keep the "
                "gallery on one that does (searching is possible here)"
            ) from None
        else:
            return
