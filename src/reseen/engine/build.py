"""Where the recipe stops: it goes in, built objects come out, and nothing below sees it."""

from collections.abc import Sequence

import torch
from torch import nn, optim

from reseen.backbones import build_backbone
from reseen.data.dataset import Pictures
from reseen.data.sampler import IdentityBatches
from reseen.data.table import Split
from reseen.data.transforms import build_transforms, plain_transform
from reseen.engine.learner import Learner
from reseen.engine.optimise import OPTIMIZERS, SCHEDULES, Schedule, with_warmup
from reseen.engine.recipe import Recipe
from reseen.engine.seeding import seed_here
from reseen.engine.settings import typed_settings
from reseen.errors import ReseenError
from reseen.losses import LOSSES, WeightedSum
from reseen.models import BNNeck, Embedder
from reseen.models.weights import Normalisation, load_weights, normalisation_of, read_weights
from reseen.ops.pooling import POOLINGS
from reseen.types import Transform


def resolved(recipe: Recipe) -> Recipe:
    """The recipe with mean and std filled in from the start weights where it leaves them open."""
    if recipe.data.mean is not None and recipe.data.std is not None:
        return recipe
    own = normalisation_of(recipe.model.weights, backbone=recipe.model.backbone)
    data = recipe.data.model_copy(
        update={"mean": recipe.data.mean or own.mean, "std": recipe.data.std or own.std}
    )
    return recipe.model_copy(update={"data": data})


def build_embedder(recipe: Recipe, *, num_identities: int, start_weights: bool) -> Embedder:
    """The model; with ``start_weights`` its backbone begins where the recipe says, else at random."""
    settings = recipe.model
    seed_here("model", recipe.seed)
    backbone = build_backbone(
        settings.backbone,
        image_size=recipe.data.image_size,
        last_stride=settings.last_stride,
        ibn=settings.ibn,
        pretrained=start_weights and settings.weights == "timm",
    )
    if start_weights and settings.weights not in {"none", "timm"}:
        load_weights(
            backbone.body,
            read_weights(settings.weights).tensors,
            expect_missing=settings.expect_missing,
            expect_unexpected=settings.expect_unexpected,
        )
    channels = backbone.feature_map.channels
    return Embedder(
        backbone,
        pooling=POOLINGS[settings.pooling](),
        neck=BNNeck(channels),
        classifier=nn.Linear(channels, num_identities, bias=False),
    )
