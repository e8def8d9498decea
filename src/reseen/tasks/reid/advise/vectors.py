"""Embeddings of files that may be damaged: decoded once each in threads, and left out where that fails."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import torch
from lightning_fabric import Fabric
from PIL import Image
from torch import Tensor, nn

from reseen.data.opening import DEFAULT_LIMITS, ImageError, open_image
from reseen.data.table import Split
from reseen.data.threads import in_threads
from reseen.engine.embed import embedded
from reseen.metrics import Embedded
from reseen.progress import Progress

_THREADS = 4
"""Each holds a whole decoded image."""


class ImageVectors(NamedTuple):
    """Vectors (N, D) with the row of each path, and why the others could not be embedded."""

    vectors: Tensor
    rows: dict[str, int]
    unreadable: dict[str, str]

    def of(self, split: Split) -> Embedded:
        """The embeddings of a split whose images could all be read."""
        return embedded(split, self.vectors[[self.rows[path] for path in split.frame["path"]]])


def embed_files(
    model: nn.Module,
    paths: Sequence[str],
    *,
    transform: Callable[[Image.Image], Tensor],
    fabric: Fabric,
    batch_size: int,
    progress: Progress,
) -> ImageVectors:
    """Embed each file once. ``model`` is in eval mode on the fabric's device."""
    rows: dict[str, int] = {}
    unreadable: dict[str, str] = {}
    blocks: list[Tensor] = []

    def decoded() -> Iterator[Tensor]:
        work = _decoder(transform)
        for path, image in in_threads(work, list(map(Path, paths)), threads=_THREADS):
            bar.advance()
            if isinstance(image, str):
                unreadable[str(path)] = image
            else:
                rows[str(path)] = len(rows)
                yield image

    with torch.inference_mode(), progress.bar("embed a sample", total=len(paths)) as bar:
        images = decoded()
        while batch := list(islice(images, batch_size)):
            blocks.append(model(fabric.to_device(torch.stack(batch))).embedding.float().cpu())
    return ImageVectors(torch.cat(blocks) if blocks else torch.zeros(0, 1), rows, unreadable)


def _decoder(transform: Callable[[Image.Image], Tensor]) -> Callable[[Path], Tensor | str]:
    def decode(path: Path) -> Tensor | str:
        try:
            return transform(open_image(path, limits=DEFAULT_LIMITS))
        except ImageError as error:
            return str(error).removeprefix(f"{path}: ")

    return decode
