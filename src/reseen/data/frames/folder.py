"""The frames of a camera as image files, named by their numbers."""

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cached_property
from pathlib import Path

import numpy as np

from reseen.data.frames.frame import Frame
from reseen.data.opening import ImageError, open_image, read_size
from reseen.data.walking import SUFFIXES
from reseen.errors import ReseenError


class FrameFiles:
    """Image files as frames.

    Args:
        files: The file of each frame's number.

    Raises:
        ReseenError: There is no file.
    """

    def __init__(self, files: Mapping[int, Path], *, name: str) -> None:
        if not files:
            raise ReseenError(f"{name}: expected frames named by their numbers, such as 000123.jpg, got none")
        self.name = name
        self.times = None  # files do not say when they were taken
        self._files = files

    @property
    def numbers(self) -> Set[int]:
        """The numbers of the frames that there are."""
        return self._files.keys()

    @classmethod
    def in_folder(cls, folder: Path) -> "FrameFiles":
        """The files of a folder whose names are numbers, or of its folder ``img1``."""
        inner = folder / "img1"
        listed = sorted((inner if inner.is_dir() else folder).iterdir())
        files = {int(path.stem): path for path in listed if path.suffix.lower() in SUFFIXES and path.stem.isdecimal()}
        return cls(files, name=str(folder))

    @cached_property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels of the first frame."""
        height, width = read_size(self._files[min(self._files)])
        return width, height

    def frames(self, numbers: Sequence[int]) -> Iterator[Frame]:
        """Yield the frames with these numbers; a file that is no image is left out."""
        for number in numbers:
            if number not in self._files:
                continue
            try:
                yield Frame(number, np.asarray(open_image(self._files[number])))
            except ImageError:
                continue
