"""Decoded images in one block of memory each, which serves the next image while threads decode one after another.

Pillow's blocks of 16 MB hold 4 megapixels, and of an image in several `reseen.data.pixel_view` has none. A larger block
goes back to the system with its image, and then costs a fifth of decoding for every image; so Pillow keeps some.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from PIL import _imaging as core

from reseen.data.threads import cores

LARGEST = 1 << 30
"""Bytes of a block. One is as large as its image, no larger."""


class _Blocks:
    """Counts its holders: Pillow's memory belongs to the whole process, so the last holder to leave restores it."""

    def __init__(self) -> None:
        self._lock, self._holders = RLock(), 0

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            if not self._holders:
                self._before = core.get_block_size(), core.get_blocks_max()
                _set(*(max(pair) for pair in zip(self._before, (LARGEST, cores()), strict=True)))
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                if not self._holders:
                    _set(*self._before)


def _set(size: int, kept: int) -> None:
    core.set_block_size(size)
    core.set_blocks_max(kept)


whole_blocks = _Blocks().held
"""A context manager; several threads may be inside at once. What is kept is freed at its end."""
