"""The parts of the training loop, from a task's components: on their devices, with optimiser and schedule."""

from lightning_fabric import Fabric
from timm.utils.model_ema import ModelEmaV3

from reseen.backbones.start_parts import start_batch_norms
from reseen.engine.hardware import compile_for_training, takes_fused
from reseen.engine.loop import LoopParts
from reseen.engine.rates import parameter_groups
from reseen.engine.task import TaskComponents
from reseen.recipe.components import Component
from reseen.recipe.kinds import OPTIMIZER, SCHEDULE
from reseen.recipe.schedules import Schedule, with_warmup
from reseen.recipe.training import Training, TrainingRecipe


def assemble(components: TaskComponents, recipe: TrainingRecipe, *, fabric: Fabric) -> LoopParts:
    """Put the components on their devices, and build the optimiser, the schedule and the averaged weights."""
    settings = recipe.training
    groups = parameter_groups(components.learner, components.backbone, settings=settings)
    fused = takes_fused(fabric.device, recipe)
    if recipe.hardware.compile:
        compile_for_training(components.model)
    optimizer = OPTIMIZER.build(Component.of(recipe.optimizer), parameters=groups.parameters, fused=fused)
    wrapped, optimizer = fabric.setup(components.learner, optimizer)
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
        accumulate=settings.accumulate,
        clip_norm=settings.clip_norm,
        rate_factors=groups.factors,
        frozen=tuple(components.backbone.parameters()),
        frozen_epochs=settings.freeze_backbone,
        frozen_steps=settings.freeze_iterations,
        frozen_norms=start_batch_norms(components.backbone) if settings.freeze_norms else (),
        averaged=_average(components, settings),
        wider=components.averaged,
        beside=components.beside,
    )


def _average(components: TaskComponents, settings: Training) -> ModelEmaV3 | None:
    """The moving average, which begins as a copy of the weights, and which the task's learner may follow."""
    if settings.ema is None:
        return None
    source = components.averaged or components.model
    average = ModelEmaV3(source, decay=settings.ema, use_warmup=settings.ema_rises)
    if components.follow is not None:
        components.follow(average.module)
    return average


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
