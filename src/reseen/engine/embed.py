"""Images to vectors: every row of a split once, in order, on as many devices as there are."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from reseen.data.dataset import ImageDataset
from reseen.data.loader import ordered_loader
from reseen.data.table import Split
from reseen.metrics import Embedded
from reseen.progress import SILENT, Progress

if TYPE_CHECKING:  # it takes seconds to import, and what embeds images needs not all of this file
    from lightning_fabric import Fabric


def embed(
    model: nn.Module,
    images: ImageDataset,
    *,
    fabric: "Fabric",
    batch_size: int,
    workers: int,
    progress: Progress = SILENT,
    description: str = "embed",
) -> Tensor:
    """Embed images: (N, D) float32 on the CPU, in the order of the split. ``model`` is in eval mode on its device."""
    return collect(
        lambda batch: model(batch.image, batch.camera, batch.view).embedding,
        images,
        fabric=fabric,
        batch_size=batch_size,
        workers=workers,
        progress=progress,
        description=description,
    )


def collect(
    forward: Callable[[Any], Tensor],
    images: Dataset[Any],
    *,
    fabric: "Fabric",
    batch_size: int,
    workers: int,
    progress: Progress = SILENT,
    description: str,
) -> Tensor:
    """Call ``forward`` on all batches: (N, D) float32 on the CPU, in order.

    Each process takes every world_size-th image; all receive the whole result.
    """
    total = len(images)  # type: ignore[arg-type]
    mine = range(fabric.global_rank, total, fabric.world_size)
    loader = ordered_loader(images, batch_size=batch_size, workers=workers, indices=list(mine))
    blocks: list[Tensor] = []
    with torch.inference_mode(), progress.bar(description, total=len(mine)) as bar:
        for batch in loader:
            with fabric.autocast():
                output = forward(fabric.to_device(batch))
            blocks.append(output.float().cpu())
            bar.advance(len(output))
    return _gathered(blocks, total=total, fabric=fabric)


def embedded(split: Split, vectors: Tensor) -> Embedded:
    """Embeddings with the identity, camera, view, file name and, if known, track of their rows."""
    return Embedded(
        vectors=vectors.numpy(),
        identities=split.identities,
        cameras=split.cameras,
        views=split.views,
        names=np.array([path.name for path in split.paths]),
        tracks=split.tracks,
    )


def _gathered(blocks: Sequence[Tensor], *, total: int, fabric: "Fabric") -> Tensor:
    """All rows in order, from each process's ``blocks``, which may be none with fewer images than processes."""
    if fabric.world_size == 1:
        return torch.cat(list(blocks))
    longest, width = -(-total // fabric.world_size), fabric.broadcast(blocks[0].shape[1] if blocks else 0)
    mine = torch.cat([torch.zeros(0, width), *blocks])
    padded = torch.zeros(longest, width)
    padded[: len(mine)] = mine
    padded = fabric.to_device(padded)
    by_rank = [torch.empty_like(padded) for _ in range(fabric.world_size)]
    torch.distributed.all_gather(by_rank, padded)
    return torch.stack(by_rank, dim=1).flatten(0, 1)[:total].cpu()
