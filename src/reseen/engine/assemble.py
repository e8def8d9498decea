"""The parts of the training loop, from a task's components: on their devices, with optimiser and schedule."""

from lightning_fabric import Fabric
from timm.utils.model_ema import ModelEmaV3

from reseen.engine.hardware import compile_for_training, takes_fused
from reseen.engine.loop import LoopParts
from reseen.engine.task import TaskComponents
from reseen.recipe.components import Component
from reseen.recipe.kinds import OPTIMIZER, SCHEDULE
from reseen.recipe.schedules import Schedule, with_warmup
from reseen.recipe.training import TrainingRecipe


def assemble(components: TaskComponents, recipe: TrainingRecipe, *, fabric: Fabric) -> LoopParts:
    """Put the components on their devices, and build the optimiser, the schedule and the averaged weights."""
    trainable = [parameter for parameter in components.learner.parameters() if parameter.requires_grad]
    fused = takes_fused(fabric.device, recipe)
    if recipe.hardware.compile:
        compile_for_training(components.model)
    optimizer = OPTIMIZER.build(Component.of(recipe.optimizer), parameters=trainable, fused=fused)
    wrapped, optimizer = fabric.setup(components.learner, optimizer)
    decay = recipe.training.ema
    return LoopParts(
        fabric=fabric,
        model=components.model,
        learner=wrapped,
        optimizer=optimizer,
        schedule=build_schedule(recipe),
        batches=components.batches,
        loader=components.loader,
        learning_rate=recipe.optimizer["learning_rate"],
        seed=recipe.seed,
        accumulate=recipe.training.accumulate,
        clip_norm=recipe.training.clip_norm,
        frozen=components.frozen,
        frozen_epochs=recipe.training.freeze_backbone,
        averaged=None if decay is None else ModelEmaV3(components.model, decay=decay, use_warmup=True),
    )


def build_schedule(recipe: TrainingRecipe) -> Schedule:
    """The recipe's schedule behind its warm-up."""
    schedule: Schedule = SCHEDULE.build(Component.of(recipe.schedule), epochs=recipe.training.epochs)
    warmup = recipe.training.warmup
    if warmup is None:
        return schedule
    return with_warmup(
        schedule,
        epochs=warmup.epochs,
        start=warmup.start,
        begin=warmup.begin,
        by_epoch=warmup.stepped_by == "epoch",
    )
