"""Images with a class each: the tables of the readers, and the data set of the loaders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image
from torch import Tensor
from torch.utils.data import Dataset

from reseen.data.cached import opener
from reseen.data.dataset import Draw, seeded
from reseen.data.opening import open_image


class Source(Protocol):
    """Images by number, as torchvision's data sets give them: (image, its class)."""

    def __getitem__(self, index: int) -> tuple[Image, int]: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Files:
    """Images that are files, each with its class's number; ``open`` decodes them."""

    samples: Sequence[tuple[str, int]]
    open: Callable[[str], Image] = open_image

    def __getitem__(self, index: int) -> tuple[Image, int]:
        """ReseenError naming the file when it does not decode."""
        path, label = self.samples[index]
        return self.open(path), label

    def __len__(self) -> int:
        return len(self.samples)


@dataclass(frozen=True)
class Rows:
    """Some images of a source, by their numbers there."""

    source: Source
    numbers: NDArray[np.int64]

    def __getitem__(self, index: int) -> tuple[Image, int]:
        return self.source[int(self.numbers[index])]

    def __len__(self) -> int:
        return len(self.numbers)


class ClassSplit(NamedTuple):
    """One side of a data set; ``labels`` (N,) are classes' numbers."""

    source: Source
    labels: NDArray[np.int64]

    def rows(self, kept: NDArray[np.bool_]) -> "ClassSplit":
        """The images that are kept, (N,) bool, in order. Files stay files."""
        if isinstance(self.source, Files):
            samples = [sample for sample, stays in zip(self.source.samples, kept, strict=True) if stays]
            return ClassSplit(Files(samples), self.labels[kept])
        return ClassSplit(Rows(self.source, np.flatnonzero(kept)), self.labels[kept])


class ClassSplits(NamedTuple):
    """Training and validation images of the same classes, numbered in the order of ``class_names``.

    ``fingerprint``: equal when the images and their classes are.
    """

    layout: str
    root: Path
    class_names: tuple[str, ...]
    train: ClassSplit
    val: ClassSplit
    fingerprint: str


class LabelledImage(NamedTuple):
    """One image for the network: ``image`` (3, H, W) normalised, ``label`` its class's number."""

    image: Tensor
    label: Tensor | int


class LabelledImages(Dataset[LabelledImage]):
    """A split through a transform, whose randomness comes from the draw's seed."""

    def __init__(self, split: ClassSplit, *, transform: Callable[[Image], Tensor]) -> None:
        source = split.source
        self._source = replace(source, open=opener(transform)) if isinstance(source, Files) else source
        self._transform = transform

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, draw: int | Draw) -> LabelledImage:
        if not isinstance(draw, Draw):
            return self._sample(int(draw))
        with seeded(draw.seed):
            return self._sample(draw.row)

    def _sample(self, row: int) -> LabelledImage:
        image, label = self._source[row]
        return LabelledImage(self._transform(image), label)
