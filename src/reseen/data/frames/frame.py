"""A frame, and what gives frames: a video or a folder."""

from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""(H, W, 3), RGB, upright."""


class Frame(NamedTuple):
    """A frame and its number."""

    number: int
    image: Image


class Frames(Protocol):
    """The frames of one camera; ``name`` is what errors call them."""

    name: str

    @property
    def numbers(self) -> "range | Set[int]":
        """The numbers of the frames that there are."""

    @property
    def times(self) -> NDArray[np.float64] | None:
        """(F,) seconds from the first frame to each; None where nothing is known."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""

    def frames(self, numbers: Sequence[int]) -> Iterator[Frame]:
        """Yield the frames with these numbers, which rise; those that cannot be read are left out."""
