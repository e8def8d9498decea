"""Where the recipe of re-identification stops: it goes in, built objects come out, and nothing below sees it."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from reseen.backbones import Backbone, SideInformation
from reseen.data.attributes import identity_attributes
from reseen.data.dataset import ImageDataset
from reseen.data.loader import train_loader
from reseen.data.sampler import IdentityBatches
from reseen.data.table import Split, Splits
from reseen.data.transforms import Pipeline, build_transforms
from reseen.engine.checkpoint import load_built, load_card
from reseen.engine.pretrained import start_backbone
from reseen.engine.seeding import seed_here
from reseen.engine.task import TaskComponents
from reseen.errors import ReseenError
from reseen.losses import WeightedSum
from reseen.models import EmbeddingModel
from reseen.models.assemble import MetadataConfig, multi_branch
from reseen.models.embedder import single_branch
from reseen.models.heads import PartEmbedder
from reseen.recipe.components import Component
from reseen.recipe.kinds import LOSS, TRANSFORM
from reseen.tasks.reid.learner import Learner
from reseen.tasks.reid.model_settings import HEAD, Model
from reseen.tasks.reid.recipe import Recipe, recipe_from

MetadataNames: TypeAlias = tuple[Sequence[str], Sequence[str]]
"""Of cameras and of views."""


def build_embedder(
    recipe: Recipe, *, num_identities: int | None, start_weights: bool, metadata_names: MetadataNames = ((), ())
) -> EmbeddingModel:
    """The model in training mode; with ``start_weights`` its backbone begins where the recipe says, else at random.

    ``metadata_names``: the cameras and the views that a model with metadata learns.
    """
    seed_here("model", recipe.seed)
    model = embedder_of(
        recipe.model,
        image_size=recipe.data.image_size,
        num_identities=num_identities,
        start_weights=start_weights,
        metadata_names=metadata_names,
    )
    return model.to(memory_format=torch.channels_last) if recipe.hardware.channels_last else model


def embedder_of(
    settings: Model,
    *,
    image_size: tuple[int, int],
    num_identities: int | None,
    start_weights: bool,
    metadata_names: MetadataNames,
) -> EmbeddingModel:
    """The same of a [model] alone, for images of ``image_size``; draws from torch's global generator."""
    backbone = start_backbone(
        settings,
        image_size=image_size,
        start_weights=start_weights,
        side_information=SideInformation(*map(tuple, metadata_names)),
    )
    if settings.head is not None:
        return _with_head(backbone, Component.of(settings.head), num_identities=num_identities)
    if not settings.branches:
        return single_branch(
            backbone,
            num_identities=num_identities,
            pooling=settings.pooling,
            embedding=settings.embedding,
            whitening=settings.whitening.width if settings.whitening else None,
        )
    metadata = MetadataConfig(*metadata_names, drop=settings.metadata.drop) if settings.metadata else None
    return multi_branch(
        backbone,
        settings.branch_configs(),
        num_identities=num_identities,
        pooling=settings.pooling,
        metadata=metadata,
    )


def _with_head(backbone: Backbone, head: Component, *, num_identities: int | None) -> PartEmbedder:
    try:
        return HEAD.build(head, backbone=backbone, num_identities=num_identities)  # type: ignore[no-any-return]
    except ValueError as error:
        raise ReseenError(f"model.head: {error}") from None


def load_model(path: Path | str) -> EmbeddingModel:
    """Load the model of a weights file.

    Args:
        path: A weights file that `train` wrote, such as ``runs/mine/best.safetensors``.

    Returns:
        The model in evaluation mode, on the CPU.

    Raises:
        ReseenError: No such file, or one that is not of reseen.

    Example:
        >>> model = load_model("runs/first/best.safetensors")
        >>> model(torch.rand(2, 3, 32, 32)).embedding.shape[0]
        2
    """
    path = Path(path)
    card = load_card(path)
    recipe = recipe_from(card.recipe, name=str(path))
    build = partial(
        build_embedder,
        recipe,
        num_identities=card.num_identities,
        start_weights=False,
        metadata_names=(card.camera_names, card.view_names),
    )
    return load_built(path, build)


def build_losses(
    recipe: Recipe,
    *,
    num_identities: int,
    width: int,
    identity_attributes: Mapping[str, Sequence[int]] = MappingProxyType({}),
) -> WeightedSum:
    """The recipe's losses with their weights."""
    seed_here("losses", recipe.seed)
    losses, weights = {}, {}
    for name, line in recipe.losses.items():
        loss = Component(name, {key: value for key, value in line.items() if key != "weight"})
        try:
            losses[name] = LOSS.build(
                loss, num_identities=num_identities, width=width, identity_attributes=identity_attributes
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
    )
    learner = Learner(model, losses)
    return TaskComponents(model, learner, batches, loader, backbone=model.backbone)


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


def _training_images(recipe: Recipe, splits: Splits) -> ImageDataset:
    train = splits.train
    return ImageDataset(
        train,
        transform=training_transform(recipe),
        identity_names=train.identity_names,
        camera_names=train.camera_names,
        view_names=train.view_names,
    )
