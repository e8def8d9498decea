"""Losses of pytorch-metric-learning by name, with the settings that the papers name.

Losses on angles see the feature after the neck, which is what retrieval compares; ``on`` moves them before
it. The library's own way of averaging over pairs or anchors is kept. Imports wait until a loss is built: the
library is heavy.
"""

from math import degrees, pi
from typing import Annotated

from pydantic import Field
from torch import nn

from reseen.losses.features import Feature, OnFeature

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Angle = Annotated[float, Field(ge=0, lt=pi)]


def circle(
    *,
    num_identities: int,  # noqa: ARG001 - every loss factory takes the model's shape
    width: int,  # noqa: ARG001
    margin: NotNegative = 0.25,
    scale: Positive = 128.0,
    on: Feature = "necked",
) -> nn.Module:
    """Circle loss on pairs (Sun et al., 2020); ``margin`` m and ``scale`` gamma, as in its eq. 8."""
    from pytorch_metric_learning.losses import CircleLoss

    return OnFeature(CircleLoss(m=margin, gamma=scale), on=on)


def arcface(
    *, num_identities: int, width: int, margin: Angle = 0.5, scale: Positive = 64.0, on: Feature = "necked"
) -> nn.Module:
    """ArcFace (Deng et al., 2019): ``margin`` in radians added to the angle with the identity's weight."""
    from pytorch_metric_learning.losses import ArcFaceLoss

    loss = ArcFaceLoss(num_identities, width, margin=degrees(margin), scale=scale)
    return OnFeature(loss, on=on)


def cosface(
    *,
    num_identities: int,
    width: int,
    margin: NotNegative = 0.35,
    scale: Positive = 64.0,
    on: Feature = "necked",
) -> nn.Module:
    """CosFace (Wang et al., 2018): ``margin`` taken from the cosine with the identity's own weight."""
    from pytorch_metric_learning.losses import CosFaceLoss

    return OnFeature(CosFaceLoss(num_identities, width, margin=margin, scale=scale), on=on)


def contrastive(
    *,
    num_identities: int,  # noqa: ARG001
    width: int,  # noqa: ARG001
    positive_margin: NotNegative = 0.0,
    negative_margin: Positive = 1.0,
    on: Feature = "pooled",
) -> nn.Module:
    """Contrastive loss (Hadsell et al., 2006) on Euclidean distances between unit vectors, in [0, 2]."""
    from pytorch_metric_learning.losses import ContrastiveLoss

    return OnFeature(ContrastiveLoss(pos_margin=positive_margin, neg_margin=negative_margin), on=on)


def multi_similarity(
    *,
    num_identities: int,  # noqa: ARG001
    width: int,  # noqa: ARG001
    alpha: Positive = 2.0,
    beta: Positive = 50.0,
    base: float = 0.5,
    on: Feature = "necked",
) -> nn.Module:
    """Multi-similarity loss (Wang et al., 2019) with the library's soft weighting of all pairs."""
    from pytorch_metric_learning.losses import MultiSimilarityLoss

    return OnFeature(MultiSimilarityLoss(alpha=alpha, beta=beta, base=base), on=on)


def supcon(
    *,
    num_identities: int,  # noqa: ARG001
    width: int,  # noqa: ARG001
    temperature: Positive = 0.1,
    on: Feature = "necked",
) -> nn.Module:
    """Supervised contrastive loss (Khosla et al., 2020)."""
    from pytorch_metric_learning.losses import SupConLoss

    return OnFeature(SupConLoss(temperature=temperature), on=on)


def proxy_anchor(
    *,
    num_identities: int,
    width: int,
    margin: NotNegative = 0.1,
    scale: Positive = 32.0,
    on: Feature = "necked",
) -> nn.Module:
    """Proxy-anchor loss (Kim et al., 2020), one proxy per identity; ``scale`` is its alpha."""
    from pytorch_metric_learning.losses import ProxyAnchorLoss

    return OnFeature(ProxyAnchorLoss(num_identities, width, margin=margin, alpha=scale), on=on)


def proxy_nca(*, num_identities: int, width: int, scale: Positive = 9.0, on: Feature = "necked") -> nn.Module:
    """Proxy-NCA (Movshovitz-Attias et al., 2017) with a softmax ``scale``, one proxy per identity."""
    from pytorch_metric_learning.losses import ProxyNCALoss

    return OnFeature(ProxyNCALoss(num_identities, width, softmax_scale=scale), on=on)
