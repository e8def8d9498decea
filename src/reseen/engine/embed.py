"""Pictures to vectors: every row of a split once, in order, on as many devices as there are."""

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from reseen.data.dataset import Pictures
from reseen.data.loader import ordered_loader
from reseen.data.table import Split
from reseen.engine.progress import Progress, Silent
from reseen.metrics import Embedded


def embed(
    model: nn.Module,
    pictures: Pictures,
    *,
    fabric: Fabric,
    batch_size: int,
    workers: int,
    progress: Progress | None = None,
    description: str = "embed",
) -> Tensor:
    """(N, D) float32 on the CPU, in the order of the split. ``model`` is in eval mode and on its device.

    Each process takes every world_size-th picture; all receive the whole result.
    """
    mine = range(fabric.global_rank, len(pictures), fabric.world_size)
    loader = ordered_loader(pictures, batch_size=batch_size, workers=workers, indices=list(mine))
    blocks: list[Tensor] = []
    with torch.inference_mode(), (progress or Silent()).bar(description, total=len(mine)) as bar:
        for batch in loader:
            with fabric.autocast():
                output = model(*fabric.to_device((batch.image, batch.camera, batch.view)))
            blocks.append(output.embedding.float().cpu())
            bar.advance(len(batch.image))
    return _gathered(torch.cat(blocks), total=len(pictures), fabric=fabric)


def embedded(split: Split, vectors: Tensor) -> Embedded:
    """Vectors with the identity, camera, view, file name and, as far as known, track of the rows they came from."""
    return Embedded(
        vectors=vectors.numpy(),
        identities=split.identities,
        cameras=split.cameras,
        views=split.views,
        names=np.array([path.name for path in split.paths]),
        tracks=split.tracks,
    )


def _gathered(mine: Tensor, *, total: int, fabric: Fabric) -> Tensor:
    if fabric.world_size == 1:
        return mine
    longest = -(-total // fabric.world_size)
    padded = mine.new_zeros(longest, mine.shape[1])
    padded[: len(mine)] = mine
    padded = fabric.to_device(padded)
    by_rank = [torch.empty_like(padded) for _ in range(fabric.world_size)]
    torch.distributed.all_gather(by_rank, padded)
    return torch.stack(by_rank, dim=1).flatten(0, 1)[:total].cpu()
