"""The few value objects that several floors share.

B = batch, C = channels, D = embedding width, I = training identities.
"""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

UNKNOWN = -1
"""The number of a camera or a view that is not known."""


class FeatureMap(NamedTuple):
    """The shape of one image's feature map; attention modules are built for one."""

    channels: int
    height: int
    width: int


class Sample(NamedTuple):
    """One image as the network meets it; a batch is a Sample whose fields are stacked.

    ``image`` (3, H, W) float, normalised; ``label`` the identity's number among the sorted training identities;
    ``camera`` and ``view`` numbered likewise, or ``UNKNOWN``; ``row`` that in its Split. ``crops``: more crops of the
    same image, each (3, h, w), where a training draws them: the first of the size of ``image``, the others smaller.
    """

    image: Tensor
    label: Tensor | int
    camera: Tensor | int
    view: Tensor | int
    row: Tensor | int
    crops: Sequence[Tensor] = ()


class Output(NamedTuple):
    """What every model returns, in training and in evaluation alike.

    ``embedding`` (B, D): what retrieval compares, before the last L2 normalisation.
    ``pooled`` one (B, C) per branch, before the neck: what triplet losses see.
    ``necked`` one (B, C) per branch, after the neck: what ArcFace and circle losses see.
    ``logits`` one (B, I) per classifying branch; empty for a model without classifier.
    ``compared`` the numbers of the branches that losses on features see; None: all of them.
    ``taught`` one (B, I) per classifying branch of a teacher, which sees the same images; empty without one.
    ``crops`` one (B, C) per crop of the same images, before the neck, and ``taught_crops`` one (B, K) of a teacher's
    projections per crop of the whole size, which come first in both; empty where a training draws no crops.
    ``shares`` (B, P, h, w): how a head shares out each position among P prototypes; None for other heads.
    """

    embedding: Tensor
    pooled: tuple[Tensor, ...]
    necked: tuple[Tensor, ...]
    logits: tuple[Tensor, ...]
    compared: tuple[int, ...] | None = None
    taught: tuple[Tensor, ...] = ()
    crops: tuple[Tensor, ...] = ()
    taught_crops: tuple[Tensor, ...] = ()
    shares: Tensor | None = None
