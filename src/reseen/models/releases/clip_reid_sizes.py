"""Which image size and stride a CLIP-ReID checkpoint's positions are of."""

from collections.abc import Sequence
from typing import NamedTuple

from reseen.backbones.clip_vit import PATCH
from reseen.backbones.overlapping import patch_grid
from reseen.errors import ReseenError

SIZES = ((256, 128), (256, 256))
"""Of persons and of vehicles, which the release trains at."""
STRIDES = (16, 12)


class Trained(NamedTuple):
    """(height, width) of the images that a ViT was trained at, and the stride of its patches."""

    size: tuple[int, int]
    stride: int


def size_and_stride(patches: int, image_size: tuple[int, int] | None) -> Trained:
    """The image size and the stride that give so many patches."""
    sizes = SIZES if image_size is None else (image_size,)
    for size in sizes:
        for stride in STRIDES:
            rows, columns = patch_grid(size, patch=PATCH, stride=stride)
            if rows * columns == patches:
                return Trained(size, stride)
    raise _no_such_size(patches, sizes, image_size)


def resnet_size(positions: int, image_size: tuple[int, int] | None) -> tuple[int, int]:
    """The image size for which a ResNet's attention pooling has so many positions."""
    sizes = SIZES if image_size is None else (image_size,)
    for height, width in sizes:
        if (height // 16) * (width // 16) == positions:
            return height, width
    raise _no_such_size(positions, sizes, image_size)


def _no_such_size(positions: int, sizes: Sequence[tuple[int, int]], image_size: tuple[int, int] | None) -> ReseenError:
    tried = " or ".join(f"{height} x {width}" for height, width in sizes)
    what = (
        "give the --image-size that it was trained at"
        if image_size is None
        else "give the --image-size that it was trained at, and carry the network to another size afterwards, or "
        "--set resample=true"
    )
    return ReseenError(
        f"its positional embedding has {positions} positions, which images of {tried} do not give: {what}"
    )
