"""A network of timm as it stands: its own pooling, and its own norm behind that, give the embedding.

B = batch, C = channels of its map, D = width of the embedding.
"""

from collections.abc import Mapping
from typing import Any

from einops import rearrange
from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.backbones.probe import pass_empty_image
from reseen.types import Output


class TimmEmbedder(nn.Module):
    """timm's network without a classifier: the class token, a mean or whatever else its weights were trained with.

    Args:
        body: As ``timm.create_model(..., num_classes=0)`` makes it.
        image_size: (height, width) in pixels.

    Raises:
        ReseenError: ``body`` cannot take images of this size.

    Example:
        >>> import timm, torch
        >>> model = TimmEmbedder(timm.create_model("resnet18", num_classes=0), image_size=(64, 64)).eval()
        >>> model(torch.rand(2, 3, 64, 64)).embedding.shape
        torch.Size([2, 512])
    """

    def __init__(self, body: nn.Module, *, image_size: tuple[int, int]) -> None:
        super().__init__()
        parts = dict(body.named_modules())
        self.backbone = Backbone(body, image_size=image_size)
        _put_back(body, parts)
        widths: list[int] = []
        pass_empty_image(body, lambda image: widths.append(self(image).embedding.shape[1]), image_size=image_size)
        self.width = widths[0]

    def forward(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> Output:
        """(B, 3, H, W) normalised -> Output with embedding (B, D); cameras and views have no part in it."""
        body: Any = self.backbone.body
        embedding: Tensor = body.forward_head(self._features(images, cameras, views))
        return Output(embedding=embedding, pooled=(embedding,), necked=(embedding,), logits=())

    def _features(self, images: Tensor, cameras: Tensor | None, views: Tensor | None) -> Tensor:
        """What the network's head takes: tokens, or a map in the order of axes that the network has."""
        if self.backbone.has_tokens:
            return self.backbone.tokens(images, cameras, views)
        maps: Tensor = self.backbone(images, cameras, views)
        return rearrange(maps, "b c h w -> b h w c") if self.backbone.channels_last_map else maps


def _put_back(body: nn.Module, parts: Mapping[str, nn.Module]) -> None:
    """Put back what a backbone takes out because its map does not depend on it: here the embedding does."""
    for path, part in parts.items():
        if path and body.get_submodule(path) is not part:
            body.set_submodule(path, part)
