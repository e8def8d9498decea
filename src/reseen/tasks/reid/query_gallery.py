"""Query and gallery embeddings, made by a model."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from reseen.backbones import SideInformation
from reseen.data.dataset import ImageDataset
from reseen.data.table import Split, Splits
from reseen.data.transforms import Pipeline, plain_transform
from reseen.engine.embed import collect, embedded
from reseen.metrics import Embedded
from reseen.models.histogram import ColourHistogram
from reseen.models.metadata import side_information
from reseen.models.mirrored import Mirrored
from reseen.progress import Progress
from reseen.tasks.reid.recipe import Recipe
from reseen.types import Sample

if TYPE_CHECKING:  # it takes seconds to import, and what embeds images needs this file without it
    from lightning_fabric import Fabric


class QueryGallery(NamedTuple):
    """Query and gallery embeddings."""

    query: Embedded
    gallery: Embedded


def embed_query_gallery(
    model: nn.Module, splits: Splits, recipe: Recipe, *, fabric: "Fabric", progress: Progress, name: str
) -> QueryGallery:
    """Embed query and gallery with any module that returns an Output, as the recipe's evaluation says."""
    was_training = model.training
    model = fabric.to_device(model).eval()
    network = Mirrored(model) if recipe.evaluation.flip else model
    transform, visible = transform_for(model, recipe), visible_metadata(model, recipe)

    def embed_split(split: Split, what: str) -> Embedded:
        images = ImageDataset(
            split, transform=transform, identity_names=(), camera_names=visible.cameras, view_names=visible.views
        )
        description = f"{name}: embed {what}"
        vectors = collect_as_evaluated(
            embedding_by(network), images, recipe, fabric=fabric, progress=progress, description=description
        )
        return embedded(split, vectors)

    embeddings = QueryGallery(embed_split(splits.query, "query"), embed_split(splits.gallery, "gallery"))
    model.train(was_training)
    return embeddings


def embedding_by(model: nn.Module) -> Callable[[Sample], Tensor]:
    """What gives a batch's embeddings (B, D): the module, which sees cameras and views too."""
    return lambda batch: model(batch.image, batch.camera, batch.view).embedding


def collect_as_evaluated(
    forward: Callable[[Sample], Tensor],
    images: ImageDataset,
    recipe: Recipe,
    *,
    fabric: "Fabric",
    progress: Progress,
    description: str,
) -> Tensor:
    """What ``forward`` gives of all images, (N, D) on the CPU, in the recipe's batches of evaluation."""
    return collect(
        forward,
        images,
        fabric=fabric,
        batch_size=recipe.evaluation.batch_size,
        workers=recipe.data.workers,
        progress=progress,
        description=description,
    )


def named_by_path(split: Split, images: Embedded) -> Embedded:
    """A table's embeddings, named by the images' whole paths: images of several folders may have one file name."""
    return replace(images, names=np.array(split.frame["path"].to_list()))


def told_apart(embeddings: QueryGallery, *, query: Split, gallery: Split) -> QueryGallery:
    """The embeddings such that an image is known again among all others, where one table is query and gallery."""
    if not query.frame.equals(gallery.frame):
        return embeddings
    return QueryGallery(named_by_path(query, embeddings.query), named_by_path(gallery, embeddings.gallery))


def labels_of(splits: Splits) -> QueryGallery:
    """Query and gallery with one-number vectors: enough for checks of the labels before anything is embedded."""
    return QueryGallery(*(embedded(split, torch.ones(len(split), 1)) for split in (splits.query, splits.gallery)))


class VisibleMetadata(NamedTuple):
    """Camera and view names visible to the model; others count as unknown."""

    cameras: Sequence[str]
    views: Sequence[str]


def visible_metadata(model: nn.Module, recipe: Recipe) -> VisibleMetadata:
    """The camera and view names that the recipe lets a model see; none for a model without metadata."""
    learned, what = side_information(model) or SideInformation(), recipe.evaluation.metadata
    return VisibleMetadata(
        learned.camera_names if what in {"given", "cameras"} else (),
        learned.view_names if what in {"given", "views"} else (),
    )


def transform_for(model: nn.Module, recipe: Recipe) -> Callable[[Image.Image], Tensor]:
    """The transform of evaluation: to the recipe's size and, except for a colour histogram, normalised."""
    if isinstance(model, ColourHistogram):
        return plain_transform(
            recipe.data.image_size, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), decode=recipe.data.decode
        )
    return evaluation_transform(recipe)


def evaluation_transform(recipe: Recipe) -> Pipeline:
    """The transform of evaluation, for every network but a colour histogram."""
    mean, std = recipe.data.normalisation
    return plain_transform(recipe.data.image_size, mean=mean, std=std, decode=recipe.data.decode)
