"""Lock files: each exists while a process holds it, and the system frees it when the process ends."""

import errno
import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from reseen.errors import ReseenError

_PAUSE = 0.02


@contextmanager
def held(path: Path, *, patience: float) -> Iterator[bool]:
    """Hold the lock file ``path`` inside the block, and remove it afterwards.

    Yields whether the file system has locks; without them the block runs all the same. Raises ReseenError that names
    the holder after ``patience`` seconds, and where no file can be made.
    """
    file = _locked(path, until=monotonic() + patience)
    if file is None:
        yield False
        return
    try:
        with suppress(OSError):  # only a hint for the process that is refused
            os.ftruncate(file, 0)
            os.pwrite(file, f"process {os.getpid()} on {platform.node()}".encode(), 0)
        yield True
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


def _locked(path: Path, *, until: float) -> int | None:
    """The locked file, or None where there are no locks."""
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise ReseenError(f"{path.parent}: cannot write here: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(file, path):
                return file
        except BlockingIOError:
            if monotonic() >= until:
                holder = os.pread(file, 200, 0).decode(errors="replace") or "another process"
                os.close(file)
                raise ReseenError(
                    f"{path.parent}: in use by {holder}; wait until it is done, or choose another folder"
                ) from None
            sleep(_PAUSE)
        except OSError as error:
            os.close(file)
            if error.errno not in {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}:
                raise ReseenError(f"{path}: cannot be locked: {error.strerror}") from None
            path.unlink(missing_ok=True)
            return None
        os.close(file)


def _is_at(file: int, path: Path) -> bool:
    """False when the holder before us removed the file while we opened it."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
