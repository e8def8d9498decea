"""Files to vectors, each in its turn, with the error of a file that is no image.

D = width of the vectors.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reseen.data.opening import ImageError

OnError: TypeAlias = Literal["raise", "skip"]
"""What happens at a file that is no image."""


class FileVector(NamedTuple):
    """A file's ``vector`` (D,), or None and the ``error`` of a file that is no image."""

    path: Path
    vector: NDArray[np.float32] | None
    error: str = ""


def file_vectors(
    embedded: Iterable[tuple[Path, NDArray[np.float32] | ImageError]], *, on_error: OnError
) -> Iterator[FileVector]:
    """Each file with its vector; one that is no image is yielded with its error, or raises it."""
    for path, vector in embedded:
        if not isinstance(vector, ImageError):
            yield FileVector(path, vector)
        elif on_error == "skip":
            yield FileVector(path, None, str(vector))
        else:
            raise vector
