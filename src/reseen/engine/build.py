"""Where the recipe stops: it goes in, built objects come out, and nothing below sees it."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

import torch
from lightning_fabric import Fabric

from reseen.attention import ATTENTIONS
from reseen.backbones import Backbone, build_backbone, carry
from reseen.backbones.slots import AttentionFactory
from reseen.data.dataset import Pictures
from reseen.data.loader import train_loader
from reseen.data.sampler import IdentityBatches
from reseen.data.table import Splits
from reseen.data.transforms import build_transforms
from reseen.engine.checkpoint import load_card
from reseen.engine.learner import Learner
from reseen.engine.loop import Parts
from reseen.engine.optimise import OPTIMIZERS, SCHEDULES, Schedule, with_warmup
from reseen.engine.recipe import Recipe, recipe_from
from reseen.engine.seeding import seed_here
from reseen.engine.settings import typed_settings
from reseen.errors import ReseenError
from reseen.losses import LOSSES, WeightedSum
from reseen.models import Embedder, load_weights, read_weights
from reseen.models.assemble import MetadataLine, multi_branch
from reseen.models.embedder import single_branch
from reseen.models.multibranch import MultiBranchEmbedder
from reseen.models.normalisation import normalisation_of

MetadataNames: TypeAlias = tuple[Sequence[str], Sequence[str]]
"""Of cameras and of views."""


def resolved(recipe: Recipe) -> Recipe:
    """The recipe with mean and std filled in from the start weights where it leaves them open."""
    mean, std = normalisation_of(recipe.model.weights, backbone=recipe.model.backbone)
    data = recipe.data.model_copy(update={"mean": recipe.data.mean or mean, "std": recipe.data.std or std})
    return recipe.model_copy(update={"data": data})


def build_embedder(
    recipe: Recipe, *, num_identities: int | None, start_weights: bool, metadata_names: MetadataNames = ((), ())
) -> Embedder | MultiBranchEmbedder:
    """The model in training mode; with ``start_weights`` its backbone begins where the recipe says, else at random.

    ``metadata_names``: the cameras and the views that a model with metadata learns.
    """
    settings = recipe.model
    seed_here("model", recipe.seed)
    backbone = build_backbone(
        settings.backbone,
        image_size=settings.carried_from or recipe.data.image_size,
        last_stride=settings.last_stride,
        ibn=settings.ibn,
        attention=_attention(recipe),
        pretrained=start_weights and settings.weights == "timm",
    )
    if start_weights and settings.weights not in {"none", "timm"}:
        _load_start_weights(backbone, recipe)
    if settings.carried_from:
        backbone = carry(backbone, image_size=recipe.data.image_size)
    model = _on_backbone(backbone, recipe, num_identities, metadata_names)
    return model.to(memory_format=torch.channels_last) if recipe.hardware.channels_last else model


def _attention(recipe: Recipe) -> dict[str, AttentionFactory]:
    """Slot -> factory with the line's settings."""
    factories: dict[str, AttentionFactory] = {}
    for slot, line in recipe.model.attention.items():
        factory = ATTENTIONS[line["name"]]
        factories[slot] = partial(factory, **typed_settings(factory, _without_name(line), provided=("feature_map",)))
    return factories


def _load_start_weights(backbone: Backbone, recipe: Recipe) -> None:
    """The file's tensors into the backbone; those for its attention's slots may be the plain network's, or none."""
    settings = recipe.model
    slots = [f"{slot}.*" for slot in backbone.slots]
    load_weights(
        backbone.body,
        read_weights(settings.weights, backbone=settings.backbone).tensors,
        expect_missing=[*settings.expect_missing, *slots],
        expect_unexpected=[*settings.expect_unexpected, *(slot for slot in slots if not slot.endswith(".attention.*"))],
    )


def _on_backbone(
    backbone: Backbone, recipe: Recipe, num_identities: int | None, names: MetadataNames
) -> Embedder | MultiBranchEmbedder:
    settings = recipe.model
    if settings.branches:
        metadata = MetadataLine(*names, drop=settings.metadata.drop) if settings.metadata else None
        lines = settings.branch_lines()
        return multi_branch(backbone, lines, num_identities=num_identities, pooling=settings.pooling, metadata=metadata)
    return single_branch(backbone, num_identities=num_identities, pooling=settings.pooling)


def load_model(path: Path | str) -> Embedder | MultiBranchEmbedder:
    """The model in a weights file that `train` wrote (``best.safetensors``), in evaluation mode."""
    path = Path(path)
    card = load_card(path)
    recipe = recipe_from(card.recipe, name=str(path))
    model = build_embedder(
        recipe,
        num_identities=card.num_identities,
        start_weights=False,
        metadata_names=(card.camera_names, card.view_names),
    )
    load_weights(model, read_weights(path).tensors)
    return model.eval()


def build_losses(recipe: Recipe, *, num_identities: int, width: int) -> WeightedSum:
    """The recipe's losses with their weights."""
    seed_here("losses", recipe.seed)
    provided = {"num_identities": num_identities, "width": width}
    losses, weights = {}, {}
    for name, line in recipe.losses.items():
        own = {key: value for key, value in line.items() if key != "weight"}
        settings = typed_settings(LOSSES[name], own, provided=provided)
        try:
            losses[name] = LOSSES[name](**provided, **settings)
        except ValueError as error:
            raise ReseenError(f"losses.{name}: {error}") from None
        weights[name] = line["weight"]
    return WeightedSum(losses, weights=weights)


def build_schedule(recipe: Recipe) -> Schedule:
    """The recipe's schedule behind its warm-up."""
    settings = _without_name(recipe.schedule)
    factory = SCHEDULES[recipe.schedule["name"]]
    epochs = recipe.training.epochs
    provided = {"epochs": epochs} if "epochs" in factory.__annotations__ else {}
    schedule = factory(**provided, **typed_settings(factory, settings, provided=provided))
    warmup = recipe.training.warmup
    return with_warmup(schedule, epochs=warmup.epochs, start=warmup.start) if warmup else schedule


def build_parts(recipe: Recipe, splits: Splits, *, fabric: Fabric) -> Parts:
    """Everything the training loop needs, on its devices."""
    names = splits.train.identity_names
    batches = IdentityBatches(
        splits.train.numbers("identity", names),
        identities=recipe.sampler.identities,
        images=recipe.sampler.images,
        seed=recipe.seed,
        epoch_is=recipe.sampler.epoch_is,
        rank=fabric.global_rank,
        world_size=fabric.world_size,
    )
    loader = train_loader(_training_pictures(recipe, splits), batches, workers=recipe.data.workers)
    model = build_embedder(
        recipe,
        num_identities=len(names),
        start_weights=True,
        metadata_names=(splits.train.camera_names, splits.train.view_names),
    )
    learner = Learner(model, build_losses(recipe, num_identities=len(names), width=model.channels))
    factory = OPTIMIZERS[recipe.optimizer["name"]]
    settings = typed_settings(factory, _without_name(recipe.optimizer), provided=("parameters",))
    trainable = [parameter for parameter in learner.parameters() if parameter.requires_grad]
    wrapped, optimizer = fabric.setup(learner, factory(parameters=trainable, **settings))
    return Parts(
        fabric=fabric,
        model=model,
        learner=wrapped,
        optimizer=optimizer,
        schedule=build_schedule(recipe),
        batches=batches,
        loader=loader,
        learning_rate=recipe.optimizer["learning_rate"],
        seed=recipe.seed,
        accumulate=recipe.training.accumulate,
        clip_norm=recipe.training.clip_norm,
        frozen=tuple(model.backbone.parameters()),
        frozen_epochs=recipe.training.freeze_backbone,
    )


def _training_pictures(recipe: Recipe, splits: Splits) -> Pictures:
    lines = [{"name": name, **settings} for name, settings in recipe.transforms.items()]
    assert recipe.data.mean is not None, "a resolved recipe has a mean"
    assert recipe.data.std is not None, "a resolved recipe has a std"
    transform = build_transforms(lines, image_size=recipe.data.image_size, mean=recipe.data.mean, std=recipe.data.std)
    train = splits.train
    return Pictures(
        train,
        transform=transform,
        identity_names=train.identity_names,
        camera_names=train.camera_names,
        view_names=train.view_names,
    )


def _without_name(entry: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in entry.items() if key != "name"}
