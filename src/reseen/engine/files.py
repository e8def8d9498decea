"""Files written whole or not at all: a temporary sibling, flushed to disk, then renamed over the old one."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

from reseen.errors import ReseenError

UNFINISHED = ".writing"
"""How the name of a file that is being written ends."""


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Call ``write`` on a temporary file beside ``path`` and rename it when complete.

    Whatever stood at ``path`` stays until then. A full disk or a lost right is a ReseenError.
    """
    temporary = path.with_name(f".{path.name}{UNFINISHED}")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
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


def _disk_reason(error: BaseException | None) -> str | None:
    """The disk's own words, also where torch.save has buried them under an error about its archive."""
    while error is not None:
        if isinstance(error, OSError):
            return error.strerror or str(error)
        error = error.__context__
    return None
