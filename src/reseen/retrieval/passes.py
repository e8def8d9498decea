"""Images through a network: threads prepare them, and so many at a time go through it in one pass.

B = images in one pass.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from reseen.data.blocks import whole_blocks
from reseen.data.opening import ImageError, ImageSource
from reseen.data.threads import cores, in_threads
from reseen.retrieval.side_information import SideInformation

Prepared: TypeAlias = NDArray[np.uint8] | ImageError
"""An image (H, W, 3) of the network's input size, or the error of one that cannot be read."""

Item = TypeVar("Item")
Made = TypeVar("Made")
Made_co = TypeVar("Made_co", covariant=True)


class Pass(Protocol[Made_co]):
    """One pass of the network: B prepared images, and the side information of each, to B results."""

    def __call__(
        self, images: Sequence[NDArray[np.uint8]], /, *, metadata: Sequence[SideInformation] | None
    ) -> Iterable[Made_co]:
        """B images -> B results."""
        ...


class Prepare(Protocol):
    """Prepares one image; ``name`` is what errors call it, a path's own where it is ""."""

    def __call__(self, source: ImageSource, /, *, name: str) -> Prepared:
        """An image, or its error."""
        ...


def in_passes(
    items: Sequence[Item],
    prepare: Callable[[Item], Prepared],
    run: Pass[Made],
    *,
    metadata: Sequence[SideInformation] | None,
    batch: int,
    workers: int | None = None,
) -> Iterator[tuple[Item, Made | ImageError]]:
    """Each item with what ``run`` makes of it, or the error of one that cannot be read, in the items' order."""
    if batch < 1:
        raise ValueError(f"expected a batch of at least 1 image, got {batch}")
    chunk: list[tuple[Item, Prepared]] = []
    for number, pair in enumerate(_prepared(items, prepare, workers), start=1):
        chunk.append(pair)
        if len(chunk) == batch or number == len(items):
            part = None if metadata is None else metadata[number - len(chunk) : number]
            yield from _one_pass(chunk, run, part)
            chunk = []


def made_of_all(
    sources: Sequence[ImageSource],
    prepare: Prepare,
    run: Pass[Made],
    *,
    metadata: Sequence[SideInformation] | None,
    batch: int,
) -> list[Made]:
    """What ``run`` makes of each image, in the images' order. Raises the error of the first that cannot be read."""

    def prepare_named(item: tuple[str, ImageSource]) -> Prepared:
        name, source = item
        return prepare(source, name="" if isinstance(source, str | Path) else name)

    named = [(f"image {number} of {len(sources)}", source) for number, source in enumerate(sources, start=1)]
    made = []
    for _, one in in_passes(named, prepare_named, run, metadata=metadata, batch=batch):
        if isinstance(one, ImageError):
            raise one
        made.append(one)
    return made


def _one_pass(
    chunk: Sequence[tuple[Item, Prepared]], run: Pass[Made], metadata: Sequence[SideInformation] | None
) -> Iterator[tuple[Item, Made | ImageError]]:
    readable = [not isinstance(prepared, ImageError) for _, prepared in chunk]
    good = [prepared for _, prepared in chunk if not isinstance(prepared, ImageError)]
    known = None if metadata is None else list(compress(metadata, readable))
    made = iter(run(good, metadata=known) if good else ())
    for item, prepared in chunk:
        yield item, prepared if isinstance(prepared, ImageError) else next(made)


def _prepared(
    items: Sequence[Item], prepare: Callable[[Item], Prepared], workers: int | None
) -> Iterator[tuple[Item, Prepared]]:
    if len(items) == 1:
        yield items[0], prepare(items[0])  # threads would cost more than they save
        return
    with whole_blocks():
        yield from in_threads(prepare, items, threads=cores() if workers is None else workers)
