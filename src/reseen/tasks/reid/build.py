"""Where the recipe of re-identification stops: it goes in, built objects come out, and nothing below sees it."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

import torch

from reseen.backbones import Backbone, SideInformation
from reseen.engine.checkpoint import Card, load_built, load_card
from reseen.engine.pretrained import start_backbone
from reseen.engine.seeding import seed_here
from reseen.errors import ReseenError
from reseen.models import EmbeddingModel
from reseen.models.assemble import MetadataConfig, multi_branch
from reseen.models.attributes import ATTRIBUTES, AttributeClassifiers
from reseen.models.embedder import single_branch
from reseen.models.heads import PartEmbedder
from reseen.recipe.components import Component
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
    return load_built(path, partial(_model_of, card, recipe))


def _model_of(card: Card, recipe: Recipe) -> EmbeddingModel:
    """The model that a card describes, at random weights, with a part for the attributes that it predicts."""
    model = build_embedder(
        recipe,
        num_identities=card.num_identities,
        start_weights=False,
        metadata_names=(card.camera_names, card.view_names),
    )
    if card.attributes:
        on = recipe.losses.get(ATTRIBUTES, {}).get("on", "pooled")
        model.add_module(ATTRIBUTES, AttributeClassifiers(card.attributes, width=model.channels, on=on))
    return model
