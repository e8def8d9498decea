"""The class token of a ViT as the embedding: TransReID's baseline, and any other ViT's CLS.

B = batch, C = width of the tokens.
"""

from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.errors import ReseenError
from reseen.models.heads.part_embedder import PartEmbedder, pooled_in_order
from reseen.models.neck import BNNeck, identity_classifier


class ClassToken(nn.Module):
    """A backbone's tokens -> the class token."""

    def forward(
        self, backbone: Backbone, images: Tensor, *, cameras: Tensor | None, views: Tensor | None
    ) -> tuple[Tensor, ...]:
        """(B, 3, H, W), (B,), (B,) -> one (B, C)."""
        return (backbone.tokens(images, cameras, views)[:, 0],)


def class_token(*, backbone: Backbone, num_identities: int | None) -> PartEmbedder:
    """The class token; retrieval compares it before its BNNeck, as TransReID's test does.

    Raises ReseenError for a backbone without a class token.
    """
    if getattr(backbone.body, "cls_token", None) is None:
        raise ReseenError(f"class_token: expected a ViT with a class token, got {type(backbone.body).__name__}")
    channels = backbone.feature_map.channels
    return PartEmbedder(
        backbone,
        ClassToken(),
        necks=[BNNeck(channels)],
        classifiers=[] if num_identities is None else [identity_classifier(channels, num_identities)],
        width=channels,
        channels=channels,
        join=pooled_in_order,
    )
