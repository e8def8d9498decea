"""The sizes of images, read from their headers: what is unreadable or too large is known before anything is decoded."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from reseen.data.opening import DEFAULT_LIMITS, ImageError, read_size
from reseen.data.table import Split, Splits
from reseen.data.threads import in_threads
from reseen.progress import Progress, as_callback
from reseen.tasks.reid.advise.advice import ImageSizes

MOST_READ = 2_000
"""Images of a split whose headers are read, evenly through its table."""


class Headers(NamedTuple):
    """Path -> (height, width) in pixels, and path -> why it cannot be read, of the images that were looked at."""

    sizes: Mapping[Path, tuple[int, int]]
    unreadable: Mapping[Path, str]

    @property
    def large(self) -> list[Path]:
        """Images that are too large to decode in passing."""
        return [path for path, (height, width) in self.sizes.items() if height * width > DEFAULT_LIMITS.pixels]

    def sizes_of(self, split: Split) -> ImageSizes | None:
        """The sizes of a split's images."""
        sizes = np.array([self.sizes[path] for path in split.paths if path in self.sizes])
        if not len(sizes):
            return None
        median, largest = np.median(sizes, axis=0), sizes[sizes.prod(axis=1).argmax()]
        return ImageSizes(
            (int(median[0]), int(median[1])), largest=(int(largest[0]), int(largest[1])), images=len(sizes)
        )


def read_headers(splits: Splits, progress: Progress) -> Headers:
    """Read the headers of all images, or in a large split of some."""
    paths = dict.fromkeys(path for split in splits.tables().values() for path in _some(split.paths))
    sizes: dict[Path, tuple[int, int]] = {}
    unreadable: dict[Path, str] = {}
    with as_callback(progress, "read image sizes") as callback, large_images_allowed():
        for path, got in in_threads(_size_or_reason, list(paths), progress=callback):
            if isinstance(got, str):
                unreadable[path] = got
            else:
                sizes[path] = got
    return Headers(sizes, unreadable)


@contextmanager
def large_images_allowed() -> Iterator[None]:
    """Pillow does not warn of large images inside the block, where only their headers are read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


def _some(paths: Sequence[Path]) -> Sequence[Path]:
    return paths[:: max(1, -(-len(paths) // MOST_READ))]


def _size_or_reason(path: Path) -> tuple[int, int] | str:
    try:
        return read_size(path)
    except ImageError as error:
        return str(error).removeprefix(f"{path}: ")
