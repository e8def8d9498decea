"""The query and the gallery as a model sees them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from lightning_fabric import Fabric
from PIL import Image
from torch import Tensor, nn

from reseen.backbones import SideInformation
from reseen.data.dataset import Pictures
from reseen.data.table import Split, Splits
from reseen.data.transforms import plain_transform
from reseen.engine.embed import embed, embedded
from reseen.metrics import Embedded
from reseen.models.histogram import ColourHistogram
from reseen.models.metadata import side_information
from reseen.models.mirrored import Mirrored
from reseen.progress import Progress
from reseen.tasks.reid.recipe import Recipe


class Sides(NamedTuple):
    """What is asked, and what is searched."""

    query: Embedded
    gallery: Embedded


def embed_sides(
    model: nn.Module, splits: Splits, recipe: Recipe, *, fabric: Fabric, progress: Progress, name: str
) -> Sides:
    """Both sides embedded by any module that returns an Output, in evaluation mode, as the recipe's evaluation says."""
    was_training = model.training
    model = fabric.to_device(model).eval()
    asked = Mirrored(model) if recipe.evaluation.flip else model
    transform, told = transform_for(model, recipe), told_names(model, recipe)

    def vectors(split: Split, what: str) -> Embedded:
        pictures = Pictures(
            split, transform=transform, identity_names=(), camera_names=told.cameras, view_names=told.views
        )
        found = embed(
            asked,
            pictures,
            fabric=fabric,
            batch_size=recipe.evaluation.batch_size,
            workers=recipe.data.workers,
            progress=progress,
            description=f"{name}: embed {what}",
        )
        return embedded(split, found)

    sides = Sides(vectors(splits.query, "query"), vectors(splits.gallery, "gallery"))
    model.train(was_training)
    return sides


def labels_of(splits: Splits) -> Sides:
    """Both sides with vectors of one number: what the labels alone decide can be known before anything is embedded."""
    return Sides(*(embedded(split, torch.ones(len(split), 1)) for split in (splits.query, splits.gallery)))


class Told(NamedTuple):
    """The names that a model is to be told the cameras and views of pictures by; what is not among them is unknown."""

    cameras: Sequence[str]
    views: Sequence[str]


def told_names(model: nn.Module, recipe: Recipe) -> Told:
    """What the recipe lets a model know of cameras and views; nothing for a model without metadata."""
    learned, what = side_information(model) or SideInformation(), recipe.evaluation.metadata
    return Told(
        learned.camera_names if what in {"given", "cameras"} else (),
        learned.view_names if what in {"given", "views"} else (),
    )


def transform_for(model: nn.Module, recipe: Recipe) -> Callable[[Image.Image], Tensor]:
    """A picture as the model takes it: of the recipe's size and, but for a colour histogram, normalised."""
    if isinstance(model, ColourHistogram):
        return plain_transform(recipe.data.image_size, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    mean, std = recipe.data.mean, recipe.data.std
    assert mean is not None, "a run's recipe is resolved"
    assert std is not None, "a run's recipe is resolved"
    return plain_transform(recipe.data.image_size, mean=mean, std=std)
