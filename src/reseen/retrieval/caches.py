"""How much memory LanceDB may keep of a gallery's indexes and files between searches."""

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from reseen.errors import ReseenError
from reseen.memory import available_memory

INDEX_CACHE, METADATA_CACHE = "RESEEN_INDEX_CACHE", "RESEEN_METADATA_CACHE"
"""The environment variables for the sizes, in MB."""

_INDEX, _METADATA = 2048, 256
_MOST_SHARE = 2
"""An index gets more than 2 GB up to one in so many bytes of the available memory."""

_SPARE, _GROWTH = 8, 4
"""An index fits in a cache that is larger by one in ``_SPARE``: 1.06 times its file held it, and 1.02 did not. By
default it gets one in ``_GROWTH`` more, so that one which grows a little keeps what is in memory."""


class CacheSizes(NamedTuple):
    """The most bytes of indexes and of metadata that are kept; LanceDB's own limits are 6 GiB and 1 GiB."""

    index_bytes: int
    metadata_bytes: int


def cache_sizes(index: int = 0) -> CacheSizes:
    """The sizes that the environment sets; else 256 MB, and 2 GB or what holds an ``index`` of so many bytes.

    That is at most half of the available memory, but never less than the 2 GB.

    Raises ReseenError for a value that is no number of MB.

    >>> cache_sizes().metadata_bytes
    268435456
    """
    index_bytes, metadata_bytes = _set(INDEX_CACHE), _set(METADATA_CACHE)
    return CacheSizes(
        _holding(index) if index_bytes is None else index_bytes,
        _METADATA << 20 if metadata_bytes is None else metadata_bytes,
    )


def for_adding(caches: CacheSizes) -> CacheSizes:
    """Those of a process elsewhere that only adds: it reads the index of ids, and may have less memory."""
    return caches._replace(index_bytes=min(caches.index_bytes, _INDEX << 20))


def bytes_of_indexes(files: Path | None) -> int:
    """The size of a table's indexes on disk; 0 in an object store, where that is not known before they are opened."""
    if files is None:
        return 0
    total = 0
    for folder, _, names in os.walk(files / "_indices"):
        for name in names:
            with suppress(OSError):  # another process, or machine, removes what is not needed any more
                total += (Path(folder) / name).stat().st_size
    return total


def shortage(caches: CacheSizes, index: int) -> str:
    """What a user should know where the cache does not hold an index of so many bytes, one line; else ""."""
    needed = index + index // _SPARE
    if needed <= caches.index_bytes:
        return ""
    return (
        f"the index takes {index >> 20:,} MB and its cache {caches.index_bytes >> 20:,} MB, so that searches read it "
        f"from its files: set {INDEX_CACHE}={-(-needed >> 20)}, or `caches`, where there is memory for it"
    )


def _holding(index: int) -> int:
    most = (available_memory() or 0) // _MOST_SHARE
    return max(_INDEX << 20, min(index + index // _GROWTH, most))


def _set(name: str) -> int | None:
    """The bytes that the environment sets, None where it sets none."""
    text = os.environ.get(name)
    if text is None:
        return None
    if not text.isdecimal() or int(text) > 1 << 24:
        raise ReseenError(f"{name}: expected a number of MB, got '{text}'")
    return int(text) << 20
