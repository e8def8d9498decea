"""The speed of a recipe on this machine, measured on a few images of the training set."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import NamedTuple

import torch
from lightning_fabric import Fabric
from torch.utils.data import default_collate

from reseen.data.dataset import Draw
from reseen.data.sampler import IdentityBatches
from reseen.data.table import Split, Splits
from reseen.engine.assemble import assemble
from reseen.engine.checkpoint import Place
from reseen.engine.loop import train_step
from reseen.tasks.reid.components import build_components
from reseen.tasks.reid.recipe import Recipe
from reseen.types import Sample

_UNTIMED, _TIMED = 2, 4
"""Steps: the first ones also allocate memory and choose kernels."""


class Speed(NamedTuple):
    """Seconds an image takes, decoding included: in a training step, and in embedding."""

    train: float
    embed: float


def measure_speed(recipe: Recipe, splits: Splits, *, fabric: Fabric) -> Speed:
    """Time a few steps and a few passes of the recipe's network, which is thrown away."""
    components = build_components(recipe.without_texts().filled({"data.workers": 0}), splits, rank=0, world_size=1)
    parts = assemble(components, recipe, fabric=fabric)
    rows = first_batch(recipe, splits.train)
    began = perf_counter()
    samples = [parts.loader.dataset[row] for row in rows]
    decoding = (perf_counter() - began) / len(rows)
    batch: Sample = fabric.to_device(default_collate(samples))  # type: ignore[assignment] # Lightning says Module

    def step() -> float:
        return float(train_step(parts, batch, Place(), epoch_fraction=0, step_optimizer=True).total.detach())

    def embed() -> float:
        return float(parts.model(batch.image).embedding.sum())

    training = _median(step) / len(rows)
    parts.model.eval()
    with torch.inference_mode():
        embedding = _median(embed) / len(rows)
    return Speed(*(_with_decoding(seconds, decoding, recipe, fabric=fabric) for seconds in (training, embedding)))


def first_batch(recipe: Recipe, train: Split) -> list[Draw]:
    """The images that are measured: a batch as losses want it, of several identities with several images each."""
    batches = IdentityBatches(
        train.numbers("identity", train.identity_names),
        identities=recipe.sampler.identities,
        images=recipe.sampler.images,
        seed=recipe.seed,
        epoch_is=recipe.sampler.epoch_is,
    )
    return next(iter(batches))


def _with_decoding(step: float, decoding: float, recipe: Recipe, *, fabric: Fabric) -> float:
    """Workers decode beside a GPU, and share the processor with the network where that is on the processor."""
    if fabric.device.type == "cpu":
        return step + decoding / torch.get_num_threads()
    return max(step, decoding / max(recipe.data.workers, 1))


def _median(work: Callable[[], float]) -> float:
    """Seconds of ``work``, which returns a number, so that it is done when it returns on any device."""
    seconds = []
    for _ in range(_UNTIMED + _TIMED):
        began = perf_counter()
        work()
        seconds.append(perf_counter() - began)
    return median(seconds[_UNTIMED:])
