"""The single-branch embedder: backbone, pooling, neck and, for training, a classifier.

B = batch, C = channels, D = width of the embedding, I = training identities.
"""

from typing import Literal, TypeAlias

from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.models.neck import BNNeck, identity_classifier
from reseen.models.whitening import Whitening
from reseen.ops import POOLINGS
from reseen.types import Output

Compared: TypeAlias = Literal["necked", "pooled"]
"""Which vector is compared: the one after the neck, or the one before it."""


class SingleBranchEmbedder(nn.Module):
    """Parts, already built, in a row: ``backbone`` -> ``pooling`` -> ``neck`` -> ``classifier``.

    Args:
        backbone: Images (B, 3, H, W) to maps (B, C, h, w).
        pooling: Maps to (B, C).
        neck: (B, C) to (B, C).
        classifier: (B, C) to logits (B, I); None leaves the logits empty, as metric losses and a deployed model want.
        embedding: Which vector is compared.
        whitening: (B, C) to (B, D), the last layer of the embedding; None for none.

    Example:
        >>> import torch
        >>> from reseen.backbones import build_backbone
        >>> backbone = build_backbone("resnet18", image_size=(64, 32))
        >>> model = SingleBranchEmbedder(backbone, pooling=POOLINGS["average"](), neck=BNNeck(512))
        >>> model(torch.rand(2, 3, 64, 32)).embedding.shape
        torch.Size([2, 512])
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        pooling: nn.Module,
        neck: nn.Module,
        classifier: nn.Module | None = None,
        embedding: Compared = "necked",
        whitening: Whitening | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.pooling = pooling
        self.neck = neck
        self.classifier = classifier
        self.embedding = embedding
        self.whitening = whitening

    @property
    def channels(self) -> int:
        """The number of channels that the neck and the losses see."""
        return self.backbone.feature_map.channels

    @property
    def width(self) -> int:
        """The number of channels of the embedding."""
        return self.channels if self.whitening is None else self.whitening.width

    def forward(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> Output:
        """(B, 3, H, W) normalised -> Output with embedding (B, D), the same in either mode.

        ``cameras`` and ``views`` (B,) go to the backbone, whose family may learn them.
        """
        pooled = self.pooling(self.backbone(images, cameras, views))
        necked = self.neck(pooled)
        logits = () if self.classifier is None else (self.classifier(necked),)
        compared = necked if self.embedding == "necked" else pooled
        embedding = compared if self.whitening is None else self.whitening(compared)
        return Output(embedding=embedding, pooled=(pooled,), necked=(necked,), logits=logits)


def single_branch(
    backbone: Backbone,
    *,
    num_identities: int | None,
    pooling: str = "average",
    embedding: Compared = "necked",
    whitening: int | None = None,
) -> SingleBranchEmbedder:
    """``backbone``, a pooling by name, BNNeck and, for a number of identities, a classifier.

    ``whitening``: the width of the last layer of the embedding, None for none.
    """
    channels = backbone.feature_map.channels
    return SingleBranchEmbedder(
        backbone,
        pooling=POOLINGS[pooling](),
        neck=BNNeck(channels),
        classifier=None if num_identities is None else identity_classifier(channels, num_identities),
        embedding=embedding,
        whitening=None if whitening is None else Whitening(channels, width=whitening),
    )
