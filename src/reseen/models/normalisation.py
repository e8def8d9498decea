"""The mean and std that a network's start weights were trained with, known without loading them."""

from collections.abc import Sequence

import timm

from reseen.models.sources import WHEEL, WHEEL_MEAN, WHEEL_STD
from reseen.normalisation import Normalisation, Triple

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)


def normalisation_of(source: str, *, backbone: str) -> Normalisation:
    """What the weights ``source`` (see `read_weights`) for a timm ``backbone`` expects.

    A weights file does not say, so it gets what ImageNet training commonly uses, as random weights do.
    """
    if source == WHEEL:
        return Normalisation(WHEEL_MEAN, WHEEL_STD)
    config = timm.get_pretrained_cfg(backbone) if source == "timm" else None
    if config is None:
        return Normalisation(IMAGENET_MEAN, IMAGENET_STD)
    return Normalisation(_triple(config.mean), _triple(config.std))


def _triple(values: Sequence[float]) -> Triple:
    red, green, blue = values
    return red, green, blue
