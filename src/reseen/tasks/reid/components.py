"""What a training of re-identification is put together from: model, losses, batches, teacher."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from torch import nn

from reseen.data.attributes import attribute_classes, identity_attributes
from reseen.data.dataset import ImageDataset
from reseen.data.loader import train_loader
from reseen.data.sampler import IdentityBatches
from reseen.data.table import Split, Splits
from reseen.data.transforms import Pipeline, build_transforms
from reseen.engine.seeding import seed_here
from reseen.engine.task import TaskComponents
from reseen.errors import ReseenError
from reseen.losses import WeightedSum
from reseen.models.attributes import ATTRIBUTES
from reseen.recipe.components import Component
from reseen.recipe.kinds import LOSS, TRANSFORM
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.crop_learner import CropLearner, require_crops_fit
from reseen.tasks.reid.learner import Learner
from reseen.tasks.reid.recipe import ZOOM, Recipe
from reseen.tasks.reid.teacher import load_teacher


def build_losses(
    recipe: Recipe,
    *,
    num_identities: int,
    width: int,
    identity_attributes: Mapping[str, Sequence[int]] = MappingProxyType({}),
    epoch_steps: int = 1,
) -> WeightedSum:
    """The recipe's losses with their weights; ``epoch_steps``: the batches of an epoch."""
    seed_here("losses", recipe.seed)
    losses, weights = {}, {}
    for name, line in recipe.losses.items():
        loss = Component(name, {key: value for key, value in line.items() if key != "weight"})
        try:
            losses[name] = LOSS.build(
                loss,
                num_identities=num_identities,
                width=width,
                identity_attributes=identity_attributes,
                epoch_steps=epoch_steps,
            )
        except ValueError as error:
            raise ReseenError(f"losses.{error}") from None
        weights[name] = line["weight"]
    return WeightedSum(losses, weights=weights)


def build_components(recipe: Recipe, splits: Splits, *, rank: int, world_size: int) -> TaskComponents:
    """Model, losses and batches of one process among so many, which share out each batch."""
    names = splits.train.identity_names
    _require_pairs(recipe, world_size)
    batches = IdentityBatches(
        splits.train.numbers("identity", names),
        identities=recipe.sampler.identities,
        images=recipe.sampler.images,
        seed=recipe.seed,
        epoch_is=recipe.sampler.epoch_is,
        cameras=_cameras(splits.train) if recipe.sampler.cameras == "apart" else None,
        rank=rank,
        world_size=world_size,
    )
    loader = train_loader(_training_images(recipe, splits), batches, workers=recipe.data.workers)
    model = build_embedder(
        recipe,
        num_identities=len(names),
        start_weights=True,
        metadata_names=(splits.train.camera_names, splits.train.view_names),
    )
    losses = build_losses(
        recipe,
        num_identities=len(names),
        width=model.channels,
        identity_attributes=identity_attributes(splits.train),
        epoch_steps=len(batches),
    )
    beside = _predicting(losses)
    if recipe.crops is not None:
        require_crops_fit(model, recipe.crops.size)
        crop_learner = CropLearner(model, losses)
        taught, follow = crop_learner.taught(), crop_learner.follow
        return TaskComponents(
            model, crop_learner, batches, loader, backbone=model.backbone, averaged=taught, follow=follow, beside=beside
        )
    teacher = None if recipe.teacher is None else load_teacher(recipe.teacher, recipe, num_identities=len(names))
    learner = Learner(model, losses, teacher=teacher)
    return TaskComponents(model, learner, batches, loader, backbone=model.backbone, beside=beside)


def classified_attributes(recipe: Recipe, train: Split) -> dict[str, list[str]]:
    """The columns that the recipe's loss ``attributes`` classifies, each with its classes; none without that loss."""
    if ATTRIBUTES not in recipe.losses:
        return {}
    classes = attribute_classes(train)
    return {column: classes[column] for column in recipe.losses[ATTRIBUTES]["columns"] or classes}


def _predicting(losses: WeightedSum) -> dict[str, nn.Module]:
    """The classifiers of attributes, which a loss trains and the network is used with."""
    if ATTRIBUTES not in losses.losses:
        return {}
    return {ATTRIBUTES: losses.losses[ATTRIBUTES].get_submodule("loss")}


def _cameras(train: Split) -> NDArray[np.int64]:
    """(N,) the camera of each training image, by number; those that are unknown count as one."""
    return train.numbers("camera", train.camera_names)


def _require_pairs(recipe: Recipe, world_size: int) -> None:
    """ReseenError where a process's share of a batch holds no two identities for a loss that compares them."""
    pairwise = recipe.pairwise_losses()
    identities = recipe.sampler.identities
    if pairwise and identities < 2 * world_size:
        raise ReseenError(
            f"losses: {pairwise[0]} needs at least 2 identities on each of {world_size} processes, and they share out "
            f"sampler.identities, which is {identities}; use at most {identities // 2} processes, or set it higher"
        )


def training_transform(recipe: Recipe) -> Pipeline:
    """What images go through in training."""
    mean, std = recipe.data.normalisation
    return build_transforms(
        [{"name": name, **settings} for name, settings in recipe.transforms.items()],
        image_size=recipe.data.image_size,
        mean=mean,
        std=std,
        factory=TRANSFORM.factory,
        decode=recipe.data.decode,
    )


def crop_transforms(recipe: Recipe) -> list[Pipeline]:
    """What more crops of a training image go through: one of the whole size, then the smaller ones."""
    crops = recipe.crops
    if crops is None:
        return []
    lines = {**recipe.transforms, ZOOM: {**recipe.transforms[ZOOM], "area": list(crops.area)}}
    smaller = recipe.model_copy(
        update={"transforms": lines, "data": recipe.data.model_copy(update={"image_size": crops.size})}
    )
    return [training_transform(recipe), *[training_transform(smaller)] * crops.local]


def _training_images(recipe: Recipe, splits: Splits) -> ImageDataset:
    train = splits.train
    return ImageDataset(
        train,
        transform=training_transform(recipe),
        crops=crop_transforms(recipe),
        identity_names=train.identity_names,
        camera_names=train.camera_names,
        view_names=train.view_names,
    )
