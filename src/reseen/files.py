"""Files written whole or not at all: a temporary sibling, flushed to disk, then renamed over the old one."""

import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from reseen.errors import ReseenError

UNFINISHED = ".writing"
"""How the name of a file that is being written ends."""
_SHOWN = 40
"""So many characters of a file's name stand in its temporary one, which must not become too long."""


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Call ``write`` on a temporary file beside ``path`` and rename it when complete.

    Whatever stood at ``path`` stays until then. Each call has a temporary file of its own, so of several writers at
    once the last one's file stands, whole. A link stays a link: what it points to is replaced. A device or a pipe is
    written to as it is. A full disk or a lost right is a ReseenError.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as file:
                write(file)
            return
        _write_beside(Path(os.path.realpath(path)) if path.is_symlink() else path, write)
    except BaseException as error:
        reason = _disk_reason(error)
        if reason is None:
            raise
        raise ReseenError(f"{path}: could not be written ({reason}); what stood there before is untouched") from None


def write_bytes(path: Path, data: bytes) -> None:
    """Bytes, atomically."""
    write_atomically(path, lambda file: file.write(data))


def write_text(path: Path, text: str) -> None:
    """UTF-8 text, atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: object) -> None:
    """Indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def put_in_place(finished: Path, path: Path) -> None:
    """Rename a file that is complete, on the same disk, to ``path``, once its bytes are on the disk."""
    with finished.open("rb") as file:
        os.fsync(file.fileno())
    finished.replace(path)
    _flush_folder(path.parent)


def make_own_folder(folder: Path, *, of: str) -> None:
    """Make a folder for something new (an "embedding job"). ReseenError if it holds files, or cannot be made."""
    if folder.is_dir() and any(folder.iterdir()):
        raise ReseenError(f"{folder}: the folder is not empty and holds no {of}; choose another")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReseenError(f"{folder}: the folder cannot be made: {error.strerror}") from None


def remove_unfinished(path: Path) -> None:
    """Remove what killed writers of ``path`` left beside it; only for who knows that nobody is writing it now."""
    for entry in path.parent.iterdir():
        if entry.name.startswith(_beginning(path)) and entry.name.endswith(UNFINISHED):
            entry.unlink(missing_ok=True)


def _write_beside(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    temporary = path.with_name(f"{_beginning(path)}{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _beginning(path: Path) -> str:
    """How the names of the temporary files of ``path`` begin."""
    return f".{path.name[:_SHOWN]}."


def _flush_folder(folder: Path) -> None:
    """So that the new name outlives a power cut too, where the file system can promise it."""
    with suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _disk_reason(error: BaseException | None) -> str | None:
    """The disk's own words, also where torch.save has buried them under an error about its archive."""
    while error is not None:
        if isinstance(error, OSError):
            return error.strerror or str(error)
        error = error.__context__
    return None
