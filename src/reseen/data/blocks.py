"""Decoded images in one block of memory each, which serves the next image while threads decode one after another.

Pillow's blocks of 16 MB hold 4 megapixels, and of an image in several `reseen.data.pixel_view` has none. A larger block
goes back to the system with its image, and then costs a fifth of decoding for every image; so Pillow keeps some.
"""

from collections.abc import Callable
from functools import partial

from PIL import _imaging as core

from reseen.data.threads import cores
from reseen.whole_process import HeldSetting

LARGEST = 1 << 30
"""Bytes of a block. One is as large as its image, no larger."""


def _enlarge() -> Callable[[], object]:
    before = core.get_block_size(), core.get_blocks_max()
    _set(*(max(pair) for pair in zip(before, (LARGEST, cores()), strict=True)))
    return partial(_set, *before)


def _set(size: int, kept: int) -> None:
    core.set_block_size(size)
    core.set_blocks_max(kept)


whole_blocks = HeldSetting(_enlarge).held
"""A context manager; several threads may be inside at once. What is kept is freed at its end."""
