"""Where the recipe of a classification stops: it goes in, built objects come out."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch

from reseen.data.loader import train_loader
from reseen.data.shuffling import ShuffledBatches
from reseen.data.transforms import Pipeline, build_transforms
from reseen.engine.checkpoint import load_built, load_card
from reseen.engine.pretrained import start_backbone
from reseen.engine.seeding import seed_here
from reseen.engine.task import TaskComponents
from reseen.errors import ReseenError
from reseen.recipe.components import Line
from reseen.recipe.kinds import TRANSFORM
from reseen.recipe.training import recipe_as
from reseen.tasks.classify.classes import ClassSplits, LabelledImages
from reseen.tasks.classify.learner import ClassLearner
from reseen.tasks.classify.model import Classifier
from reseen.tasks.classify.recipe import ClassifyRecipe


class Loaded(NamedTuple):
    """A classifier from its weights file, in evaluation mode, with its recipe and the names of its outputs."""

    model: Classifier
    recipe: ClassifyRecipe
    class_names: tuple[str, ...]


def build_classifier(recipe: ClassifyRecipe, *, classes: int, start_weights: bool) -> Classifier:
    """The model in training mode; with ``start_weights`` its backbone begins where the recipe says, else at random."""
    seed_here("model", recipe.seed)
    backbone = start_backbone(recipe.model, image_size=recipe.data.image_size, start_weights=start_weights)
    model = Classifier(backbone, classes=classes)
    return model.to(memory_format=torch.channels_last) if recipe.hardware.channels_last else model


def build_components(recipe: ClassifyRecipe, splits: ClassSplits, *, rank: int, world_size: int) -> TaskComponents:
    """Model, loss and batches of one process among so many."""
    size, classes = recipe.data.batch_size, len(splits.class_names)
    if size < 2 * world_size:
        raise ReseenError(
            f"data.batch_size is {size}, of all processes together: expected at least 2 for each of {world_size} "
            "processes; set it higher, or use fewer processes"
        )
    batches = ShuffledBatches(
        len(splits.train.labels), batch_size=size, seed=recipe.seed, rank=rank, world_size=world_size
    )
    images = LabelledImages(splits.train, transform=training_transform(recipe))
    model = build_classifier(recipe, classes=classes, start_weights=True)
    return TaskComponents(
        model=model,
        learner=ClassLearner(model, classes=classes, loss=recipe.loss, mix=recipe.mix),
        batches=batches,
        loader=train_loader(images, batches, workers=recipe.data.workers),
        backbone=model.backbone,
    )


def training_transform(recipe: ClassifyRecipe) -> Pipeline:
    """What images go through in training."""
    return _pipeline(recipe, recipe.transforms)


def evaluation_transform(recipe: ClassifyRecipe) -> Pipeline:
    """What images go through to be scored: nothing random."""
    share = recipe.evaluation.centre_crop
    return _pipeline(recipe, {"resize": {}} if share is None else {"centre_crop": {"share": share}})


def load_classifier(path: Path | str) -> Loaded:
    """The model in a weights file that ``reseen classify train`` wrote (``best.safetensors``)."""
    card = load_card(Path(path))
    recipe = recipe_as(ClassifyRecipe, card.recipe, name=str(path))
    model = load_built(
        Path(path), partial(build_classifier, recipe, classes=len(card.class_names), start_weights=False)
    )
    return Loaded(model, recipe, tuple(card.class_names))


def _pipeline(recipe: ClassifyRecipe, lines: Mapping[str, Line]) -> Pipeline:
    mean, std = recipe.data.mean, recipe.data.std
    assert mean is not None, "a resolved recipe has a mean"
    assert std is not None, "a resolved recipe has a std"
    named = [{"name": name, **settings} for name, settings in lines.items()]
    size = recipe.data.image_size
    return build_transforms(
        named, image_size=size, mean=mean, std=std, factory=TRANSFORM.factory, decode=recipe.data.decode
    )
