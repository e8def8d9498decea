"""Images with a label map each: the tables of the reader, and the data set of the loaders."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from reseen.data.dataset import Draw, seeded
from reseen.data.opening import ImageError, open_image, read_image
from reseen.tasks.segment.classes import CLASS_OF_ID

Labels: TypeAlias = NDArray[np.uint8]


class Pair(NamedTuple):
    """The files of an image and of its label map."""

    image: Path
    labels: Path


class SceneSplits(NamedTuple):
    """Training and validation scenes below ``root``, in the order of their names."""

    root: Path
    train: tuple[Pair, ...]
    val: tuple[Pair, ...]


class Scene(NamedTuple):
    """One scene for the network: ``image`` (3, H, W) normalised, ``labels`` (H, W) classes' numbers."""

    image: Tensor
    labels: Tensor


Joint: TypeAlias = Callable[[Image.Image, Labels], tuple[Tensor, Tensor]]
"""An image and its classes (H, W) -> image (3, H', W') and labels (H', W')."""


class Scenes(Dataset[Scene]):
    """Pairs through a joint transform, whose randomness comes from the draw's seed."""

    def __init__(self, pairs: Sequence[Pair], *, transform: Joint) -> None:
        self._pairs = pairs
        self._transform = transform

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, draw: int | Draw) -> Scene:
        if not isinstance(draw, Draw):
            return self._scene(int(draw))
        with seeded(draw.seed):
            return self._scene(draw.row)

    def _scene(self, row: int) -> Scene:
        pair = self._pairs[row]
        return Scene(*self._transform(open_image(pair.image), CLASS_OF_ID[load_ids(pair.labels)]))


def load_ids(path: Path) -> Labels:
    """A label map (H, W) of ids as its file has them. Raises PictureError naming a file that is none."""
    ids: NDArray[Any] = read_image(path, np.asarray)
    if ids.ndim != 2 or ids.dtype != np.uint8:
        raise ImageError(f"{path}: expected a label map of one 8-bit channel, got {ids.dtype} {ids.shape}")
    return ids
