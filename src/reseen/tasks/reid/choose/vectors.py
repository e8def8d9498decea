"""The vectors that heads work on: one pass over the images for each candidate's weights.

P = passes of the flip test (1 without it), N = images, C = channels.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from einops import rearrange
from lightning_fabric import Fabric
from torch import Tensor

from reseen.data.dataset import ImageDataset
from reseen.data.table import Split, Splits
from reseen.engine.embed import embedded
from reseen.models import EmbeddingModel, SingleBranchEmbedder
from reseen.progress import Progress
from reseen.tasks.reid.query_gallery import (
    QueryGallery,
    collect_as_evaluated,
    named_by_path,
    transform_for,
    visible_metadata,
)
from reseen.tasks.reid.recipe import Recipe
from reseen.types import Sample


class HeldOut(NamedTuple):
    """Tables of query and gallery with their vectors, each (P, N, C)."""

    splits: Splits
    query: Tensor
    gallery: Tensor

    def seen_through(self, head: Callable[[Tensor], Tensor]) -> QueryGallery | None:
        """The embeddings that a head gives; None where one is zero or not finite, and has no cosine."""
        query, gallery = head(self.query), head(self.gallery)
        if not (_comparable(query) and _comparable(gallery)):
            return None
        tables = self.splits.query, self.splits.gallery
        sides = zip(tables, (query, gallery), strict=True)
        return QueryGallery(*(named_by_path(split, embedded(split, vectors)) for split, vectors in sides))


def embed_held_out(embed: Callable[[Split], Tensor], splits: Splits) -> HeldOut:
    """Embed query and gallery, once where both are the same table."""
    query = embed(splits.query)
    same = splits.query.frame.equals(splits.gallery.frame)
    return HeldOut(splits, query, query if same else embed(splits.gallery))


def embed_before_head(
    model: EmbeddingModel,
    split: Split,
    recipe: Recipe,
    *,
    fabric: Fabric,
    progress: Progress,
    description: str,
) -> Tensor:
    """Embed a table with a model in evaluation mode on its device: (P, N, C) on the CPU.

    The vectors are those before the neck; of a model of several vectors, its embedding. The second pass sees the
    mirror images, where the recipe has the flip test.
    """
    single, passes = isinstance(model, SingleBranchEmbedder), 2 if recipe.evaluation.flip else 1
    visible = visible_metadata(model, recipe)
    images = ImageDataset(
        split,
        transform=transform_for(model, recipe),
        identity_names=(),
        camera_names=visible.cameras,
        view_names=visible.views,
    )

    def forward(batch: Sample) -> Tensor:
        shown = [batch.image, batch.image.flip(-1)][:passes]
        outputs = [model(image, batch.camera, batch.view) for image in shown]
        return torch.cat([output.pooled[0] if single else output.embedding for output in outputs], dim=1)

    vectors = collect_as_evaluated(forward, images, recipe, fabric=fabric, progress=progress, description=description)
    return rearrange(vectors, "n (p c) -> p n c", p=passes)


def _comparable(vectors: Tensor) -> bool:
    return bool(vectors.isfinite().all() and vectors.any(dim=1).all())
