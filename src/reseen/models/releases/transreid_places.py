"""Where the patches of a TransReID checkpoint lie, and by how much JPM shifts them: what image sizes tell."""

from collections.abc import Iterable
from typing import NamedTuple

from torch import Tensor

from reseen.backbones.transreid_vit import grid_of, resampled_positions
from reseen.errors import ReseenError

SIZES = ((256, 256), (256, 128))
"""Of the release's images: of vehicles and of persons."""
STRIDES = (16, 12)
SHIFTS = {1.0: 8, 2.0: 5}
"""The release's, by height / width: 8 for its vehicles, 5 for its persons."""


class Place(NamedTuple):
    """Where positions lie: on images of ``source``, and on those of ``size`` that are asked for."""

    source: tuple[int, int]
    size: tuple[int, int]
    stride: int

    def moved(self, positions: Tensor) -> Tensor:
        """(1, 1 + N, D) -> (1, 1 + N', D)."""
        source, target = (grid_of(size, self.stride) for size in (self.source, self.size))
        return positions if source == target else resampled_positions(positions, source=source, target=target)


def place_of(count: int, *, image_size: tuple[int, int] | None, stride: int | None) -> Place:
    """Of ``count`` positions: on the image size that is asked for, else on one of the release's, to be resampled."""
    strides = STRIDES if stride is None else (stride,)
    for sizes in ((image_size,) if image_size else (), SIZES):
        fitting = [
            Place(size, image_size or size, step) for size in sizes for step in strides if _count(size, step) == count
        ]
        if len({place.stride for place in fitting}) > 1:
            raise ReseenError(f"{count} positions fit {_listed(fitting)}: say which by the option stride")
        if len(fitting) > 1:
            raise ReseenError(f"{count} positions fit {_listed(fitting)}: give the image size")
        if fitting:
            return fitting[0]
    got = f"nor {image_size[0]} x {image_size[1]} " if image_size else ""
    raise ReseenError(
        f"base.pos_embed has {count} positions, and neither 256 x 256 nor 256 x 128 {got}has so many at a stride of "
        f"{' or '.join(map(str, strides))}: give the image size that it was trained at, and the stride if it is another"
    )


def _count(size: tuple[int, int], stride: int) -> int:
    rows, columns = grid_of(size, stride)
    return max(rows, 0) * max(columns, 0)


def _listed(places: Iterable[Place]) -> str:
    return " and ".join(f"{place.source[0]} x {place.source[1]} at stride {place.stride}" for place in places)


def shift_of(size: tuple[int, int]) -> int:
    """JPM's shift for images of this size; raises ReseenError where the release has none for them."""
    height, width = size
    if height / width not in SHIFTS:
        raise ReseenError(
            f"JPM's shift cannot be read: the release has 8 for vehicles and 5 for persons, and images of {height} x "
            f"{width} do not tell which; give the option shift"
        )
    return SHIFTS[height / width]
