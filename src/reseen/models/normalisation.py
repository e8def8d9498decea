"""The mean and std that a network's start weights were trained with, known without loading them."""

from typing import NamedTuple

from reseen.backbones import family_of
from reseen.models.sources import WHEEL, WHEEL_MEAN, WHEEL_STD, Triple

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)


class Normalisation(NamedTuple):
    """Pictures scaled to 0..1 enter the network as (x - mean) / std, per channel RGB."""

    mean: Triple
    std: Triple


def normalisation_of(source: str, *, backbone: str) -> Normalisation:
    """What the weights ``source`` (see `read_weights`) for a ``backbone`` expect, as its family says.

    A weights file does not say, so it gets what ImageNet training commonly uses, as random weights do.
    """
    if source == WHEEL:
        return Normalisation(WHEEL_MEAN, WHEEL_STD)
    says = family_of(backbone).normalisation
    return Normalisation(*((says and says(backbone, source)) or (IMAGENET_MEAN, IMAGENET_STD)))
