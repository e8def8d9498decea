"""A file written whole or not at all, for the value objects of this room that keep themselves."""

from collections.abc import Callable
from pathlib import Path

from reseen.errors import ReseenError


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Call ``write`` with a sibling of ``path`` that takes its place when complete. ReseenError: the disk refused."""
    partial = path.with_name(f".{path.name}.writing")
    try:
        write(partial)
        partial.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReseenError(f"{path}: could not be written ({reason}); what stood there is untouched") from error
    finally:
        partial.unlink(missing_ok=True)
