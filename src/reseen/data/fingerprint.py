"""The fingerprint of a data set: equal when the tables and the bytes of all images are equal, wherever they lie."""

from collections.abc import Iterator
from hashlib import blake2b
from os.path import relpath
from pathlib import Path

from reseen.data.opening import regular_size
from reseen.data.table import Split, Splits
from reseen.data.threads import in_threads
from reseen.errors import ReseenError
from reseen.progress import ProgressCallback


def fingerprint(splits: Splits, *, progress: ProgressCallback | None = None) -> str:
    """Hash a data set: BLAKE2b over each split's rows (paths relative to the root) and file contents, 32 hex digits.

    Raises ReseenError naming a file that cannot be read.
    """
    tables = splits.tables()
    paths = [path for table in tables.values() for path in table.paths]
    digests = (digest for _, digest in in_threads(content_digest, paths, progress=progress))
    whole = blake2b(digest_size=16)
    for name, table in tables.items():
        whole.update(f"{name} {len(table)}\n".encode())
        for row in _rows(table, splits.root):
            whole.update(repr(row).encode())
            whole.update(next(digests))
    return whole.hexdigest()


def content_digest(path: Path) -> bytes:
    """16 bytes: BLAKE2b of the file's content."""
    try:
        regular_size(path)
        return blake2b(path.read_bytes(), digest_size=16).digest()
    except OSError as error:
        raise ReseenError(f"{path}: cannot read the file: {error.strerror}") from None


def _rows(table: Split, root: Path) -> Iterator[tuple[str | None, ...]]:
    for path, *labels in table.frame.select("path", "identity", "camera", "view").iter_rows():
        yield (Path(relpath(path, root)).as_posix(), *labels)
