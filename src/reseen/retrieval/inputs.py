"""Images as an embedder takes them: one or many, of any kind, opened and resized to the input of its network."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reseen.data.opening import ImageError, ImageLimits, ImageSource, open_image
from reseen.data.resized import resized, resized_array
from reseen.data.scaled import MARGIN, size_for
from reseen.data.transforms import resize
from reseen.deploy.facts import Facts
from reseen.retrieval.passes import Prepared

Images: TypeAlias = ImageSource | Iterable[ImageSource]
"""One image or many; an array of four axes is many."""

Decoding: TypeAlias = Literal["full", "scaled"]
"""Whether JPEG files are decoded at their own size, or smaller where that suffices."""

_ONE = (str, Path, bytes, bytearray, memoryview, Image.Image)


def as_list(images: Images) -> list[ImageSource]:
    """The images one by one."""
    if isinstance(images, _ONE) or (isinstance(images, np.ndarray) and images.ndim != 4):
        return [images]
    return list(images) if isinstance(images, Iterable) else [images]


def size_needed(image_size: tuple[int, int], decode: Decoding) -> tuple[int, int] | None:
    """(height, width) in pixels that a JPEG file is decoded to at least; None for its own size."""
    return size_for([(resize, {})], image_size) if decode == "scaled" else None


def prepared_image(
    source: ImageSource,
    *,
    image_size: tuple[int, int],
    limits: ImageLimits | None,
    at_least: tuple[int, int] | None,
    bgr: bool,
    name: str,
) -> Prepared:
    """An image as the network takes it, (H, W, 3) uint8; the error of one that cannot be read."""
    try:
        opened = open_image(source, limits=limits, bgr=bgr, name=name, at_least=at_least)
    except ImageError as error:
        return error
    return resized(opened, image_size)


def prepared_array(array: NDArray[np.uint8], *, image_size: tuple[int, int], bgr: bool) -> NDArray[np.uint8]:
    """The same for an array in memory. Channels change places afterwards, when there are fewer pixels."""
    own = np.array(array, order="C")  # torch refuses arrays that run backwards, and warns of read-only ones
    small = resized_array(own, image_size)
    return small[..., ::-1] if bgr else small


def with_decoding_noted(facts: Facts, *, decode: Decoding) -> str:
    """The network's note, and how its images are decoded if that is otherwise than in its training."""
    if decode == facts.decode:
        return facts.note
    height, width = (round(MARGIN * side) for side in facts.image_size)
    how = (
        f"at 1/2, 1/4 or 1/8 of their size where {height} x {width} pixels are left"
        if decode == "scaled"
        else "in full"
    )
    told = f"JPEG files are decoded {how}, unlike in the network's training, which changes their vectors a little"
    return f"{facts.note}; {told}" if facts.note else told
