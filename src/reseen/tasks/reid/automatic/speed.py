"""The speed of a recipe on this machine, measured on a few images of the training set."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import NamedTuple

import torch
from lightning_fabric import Fabric

from reseen.data.dataset import Draw
from reseen.data.table import Splits
from reseen.engine.assemble import assemble
from reseen.engine.checkpoint import Place
from reseen.engine.loop import train_step
from reseen.tasks.reid.build import build_components
from reseen.tasks.reid.recipe import Recipe

_UNTIMED, _TIMED = 2, 4
"""Steps: the first ones also allocate memory and choose kernels."""


class Speed(NamedTuple):
    """Seconds an image takes, decoding included: in a training step, and in embedding."""

    train: float
    embed: float


def measure_speed(recipe: Recipe, splits: Splits, *, fabric: Fabric) -> Speed:
    """Time a few steps and a few passes of the recipe's network, which is thrown away."""
    components = build_components(recipe.filled({"data.workers": 0}), splits, rank=0, world_size=1)
    parts = assemble(components, recipe, fabric=fabric)
    rows = [Draw(row % len(splits.train), row) for row in range(parts.batches.images)]
    samples = []
    decoding = _seconds(lambda: samples.extend(components.loader.dataset[row] for row in rows)) / len(rows)
    assert components.loader.collate_fn is not None, "torch gives every loader one"
    batch = fabric.to_device(components.loader.collate_fn(samples))
    training = _median(
        lambda: train_step(parts, batch, Place(), epoch_fraction=0, step_optimizer=True).total.item(), images=len(rows)
    )
    parts.model.eval()
    with torch.inference_mode():
        embedding = _median(lambda: parts.model(batch.image).embedding.sum().item(), images=len(rows))
    return Speed(*(_with_decoding(step, decoding, recipe, fabric=fabric) for step in (training, embedding)))


def _with_decoding(step: float, decoding: float, recipe: Recipe, *, fabric: Fabric) -> float:
    """Workers decode beside a GPU, and share the processor with the network where that is on the processor."""
    if fabric.device.type == "cpu":
        return step + decoding / torch.get_num_threads()
    return max(step, decoding / max(recipe.data.workers, 1))


def _median(work: Callable[[], object], *, images: int) -> float:
    return median([_seconds(work) for _ in range(_UNTIMED + _TIMED)][_UNTIMED:]) / images


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began
