"""How much memory LanceDB may keep of a gallery's indexes and files between searches."""

import os
from typing import NamedTuple

from reseen.errors import ReseenError

INDEX_CACHE, METADATA_CACHE = "RESEEN_INDEX_CACHE", "RESEEN_METADATA_CACHE"
"""The environment variables for the sizes, in MB."""

_INDEX, _METADATA = 2048, 256


class CacheSizes(NamedTuple):
    """The most bytes of indexes and of metadata that are kept; LanceDB's own limits are 6 GiB and 1 GiB."""

    index_bytes: int
    metadata_bytes: int


def cache_sizes() -> CacheSizes:
    """The sizes that the environment sets, or 2 GB and 256 MB.

    Raises ReseenError for a value that is no number of MB.

    >>> cache_sizes().metadata_bytes
    268435456
    """
    return CacheSizes(_size(INDEX_CACHE, _INDEX), _size(METADATA_CACHE, _METADATA))


def _size(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdecimal() or int(text) > 1 << 24:
        raise ReseenError(f"{name}: expected a number of MB, got '{text}'")
    return int(text) << 20
