"""Where the recipe of a segmentation stops: it goes in, built objects come out."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch

from reseen.backbones import Backbone
from reseen.bounds import Triple
from reseen.data.loader import train_loader
from reseen.data.shuffling import ShuffledBatches
from reseen.engine.checkpoint import load_built, load_card
from reseen.engine.pretrained import start_backbone
from reseen.engine.seeding import seed_here
from reseen.engine.task import TaskComponents
from reseen.recipe.components import Component
from reseen.recipe.kinds import TRANSFORM
from reseen.recipe.training import recipe_as
from reseen.tasks.segment.classes import CLASS_NAMES
from reseen.tasks.segment.heads import fcn
from reseen.tasks.segment.inference import Labeller
from reseen.tasks.segment.joint import JointTransform, plain_transform, training_transform
from reseen.tasks.segment.learner import SegmentLearner
from reseen.tasks.segment.model import Segmenter
from reseen.tasks.segment.recipe import HEAD, SegmentRecipe
from reseen.tasks.segment.scenes import Scenes, SceneSplits


class Loaded(NamedTuple):
    """A segmenter from its weights file, in evaluation mode, with its recipe."""

    model: Segmenter
    recipe: SegmentRecipe


def build_segmenter(recipe: SegmentRecipe, *, start_weights: bool) -> Segmenter:
    """The model in training mode; with ``start_weights`` its backbone begins where the recipe says, else at random."""
    seed_here("model", recipe.seed)
    backbone = start_backbone(recipe.model, image_size=recipe.data.image_size, start_weights=start_weights)
    classes = len(CLASS_NAMES)
    head = HEAD.build(Component.of(recipe.model.head), channels=backbone.feature_map.channels, classes=classes)
    auxiliary = fcn(channels=_channels_before(backbone), classes=classes) if recipe.model.auxiliary else None
    model = Segmenter(backbone, head=head, auxiliary=auxiliary)
    return model.to(memory_format=torch.channels_last) if recipe.hardware.channels_last else model


def build_components(recipe: SegmentRecipe, splits: SceneSplits, *, rank: int, world_size: int) -> TaskComponents:
    """Model, losses and batches of one process among so many."""
    rows, size = len(splits.train), recipe.data.batch_size
    batches = ShuffledBatches(rows, batch_size=size, seed=recipe.seed, rank=rank, world_size=world_size)
    model = build_segmenter(recipe, start_weights=True)
    return TaskComponents(
        model=model,
        learner=SegmentLearner(model, auxiliary_weight=recipe.model.auxiliary),
        batches=batches,
        loader=train_loader(Scenes(splits.train, transform=_training(recipe)), batches, workers=recipe.data.workers),
        backbone=model.backbone,
    )


def evaluation_transform(recipe: SegmentRecipe) -> JointTransform:
    """What scenes go through to be scored: nothing but the normalisation."""
    mean, std = _normalisation(recipe)
    return plain_transform(mean=mean, std=std)


def build_labeller(model: Segmenter, recipe: SegmentRecipe) -> Labeller:
    """The model as what labels images of any size, as the recipe says."""
    scoring = recipe.evaluation
    return Labeller(model, window=recipe.data.image_size, inference=scoring.inference, overlap=scoring.overlap)


def load_segmenter(path: Path | str) -> Loaded:
    """The model in a weights file that ``reseen segment train`` wrote (``best.safetensors``)."""
    recipe = recipe_as(SegmentRecipe, load_card(Path(path)).recipe, name=str(path))
    return Loaded(load_built(Path(path), partial(build_segmenter, recipe, start_weights=False)), recipe)


def _training(recipe: SegmentRecipe) -> JointTransform:
    mean, std = _normalisation(recipe)
    lines = recipe.data
    colours = [TRANSFORM.build(Component(name, settings)) for name, settings in recipe.transforms.items()]
    return training_transform(lines.image_size, scale=lines.scale, flip=lines.flip, colours=colours, mean=mean, std=std)


def _normalisation(recipe: SegmentRecipe) -> tuple[Triple, Triple]:
    mean, std = recipe.data.mean, recipe.data.std
    assert mean is not None, "a resolved recipe has a mean"
    assert std is not None, "a resolved recipe has a std"
    return mean, std


def _channels_before(backbone: Backbone) -> int:
    """Channels of the map of the last stage but one."""
    was_training = backbone.training
    device = next(backbone.parameters()).device
    with torch.no_grad():
        _, before = backbone.eval().last_two(torch.zeros(1, 3, *backbone.image_size, device=device))
    backbone.train(was_training)
    return before.shape[1]
