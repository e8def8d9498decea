"""Locks on files: one process at a time holds one, and the system releases it when that process dies."""

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
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})


@contextmanager
def file_lock(path: Path, *, patience: float, advice: str, keep: bool = False) -> Iterator[str]:
    """Hold the lock file ``path`` inside the block.

    A file system that keeps locks to each machine, as NFS may be mounted, cannot be told from others: there, use one
    machine only.

    Args:
        path: The lock file, made if it is not there.
        patience: Seconds to wait for another process.
        advice: What the user should do when another process keeps the lock; it ends the error's message.
        keep: Leave the file there afterwards.

    Yields:
        "" while the lock is held. On a file system without locks the block runs unprotected, with the system's reason.

    Raises:
        ReseenError: The lock is held by another process, which the message names, or the file cannot be made.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     with file_lock(Path(folder, "a.lock"), patience=0, advice="try again") as problem:
        ...         problem
        ''
    """
    file, problem = _opened(path, until=monotonic() + patience, advice=advice)
    try:
        with suppress(OSError):  # the holder's name is only for messages; a full disk has no room for it
            os.ftruncate(file, 0)
            os.pwrite(file, f"process {os.getpid()} on {platform.node()}".encode(), 0)
        yield problem
    finally:
        if not keep:
            path.unlink(missing_ok=True)
        os.close(file)


def _opened(path: Path, *, until: float, advice: str) -> tuple[int, str]:
    """The file and "", once it is locked, or the reason why the file system locks nothing."""
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise ReseenError(f"{path.parent}: cannot write here: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(file, path):
                return file, ""
        except BlockingIOError:
            if monotonic() >= until:
                holder = os.pread(file, 200, 0).decode(errors="replace") or "another process"
                os.close(file)
                raise ReseenError(f"{path.parent}: in use by {holder}; {advice}") from None
            sleep(_PAUSE)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return file, str(error.strerror)
            os.close(file)
            raise ReseenError(f"{path}: cannot be locked: {error.strerror}") from None
        os.close(file)


def _is_at(file: int, path: Path) -> bool:
    """False if the previous holder removed the file after it was opened here."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
