"""A segmenter: a backbone, a head on its map, and in training a second head on the map of the stage before.

B = batch, K = classes, H, W = height and width of the image.
"""

from typing import NamedTuple

from torch import Tensor, nn

from reseen.backbones import Backbone


class Maps(NamedTuple):
    """``logits`` (B, K, H, W); ``auxiliary`` the second head's, or None where there is none or in evaluation."""

    logits: Tensor
    auxiliary: Tensor | None


class Segmenter(nn.Module):
    """``head`` on the map of ``backbone``; ``auxiliary`` on that of its last stage but one (Zhao et al., CVPR 2017)."""

    def __init__(self, backbone: Backbone, *, head: nn.Module, auxiliary: nn.Module | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.auxiliary = auxiliary

    def forward(self, images: Tensor) -> Maps:
        """(B, 3, H, W) normalised -> Maps of the same height and width."""
        size = images.shape[-2:]
        if self.auxiliary is None or not self.training:
            return Maps(_enlarged(self.head(self.backbone(images)), size), None)
        maps, before = self.backbone.last_two(images)
        return Maps(_enlarged(self.head(maps), size), _enlarged(self.auxiliary(before), size))


def _enlarged(logits: Tensor, size: tuple[int, ...]) -> Tensor:
    """(B, K, h, w) -> (B, K, H, W)."""
    return nn.functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)
