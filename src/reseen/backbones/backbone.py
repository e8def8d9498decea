"""A timm network as one map maker: whatever its layout, pictures go in and feature maps come out.

B = batch, C = channels, H, W = height and width in pixels, h, w = in positions of the map.
"""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn

from reseen.backbones.probe import CANNOT_RUN, by, cannot_take
from reseen.errors import ReseenError
from reseen.types import FeatureMap


class Backbone(nn.Module):
    """``body`` (a timm network without its classifier) with its shape known.

    ``body`` is probed once with an empty picture in evaluation mode, which leaves its statistics alone. Parts
    that the feature map does not depend on (a head that waits for a classifier) are taken out of it, so that
    every parameter counted is a parameter used. ``slots``: the paths in ``body`` that attention was put into.

    Raises ReseenError if ``body`` cannot take pictures of ``image_size`` (height, width).
    """

    feature_map: FeatureMap
    image_size: tuple[int, int]

    def __init__(self, body: nn.Module, *, image_size: tuple[int, int], slots: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.body = body
        self.slots = slots
        self.image_size = image_size
        self._tokens: tuple[int, int] | None = None
        was_training = body.training
        body.eval()
        self._probe()
        body.train(was_training)
        patches = getattr(body, "patch_embed", None)
        self._one_size = self._tokens is not None or getattr(patches, "img_size", None) is not None

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) normalised -> (B, C, h, w).

        Raises ReseenError for another picture size than the one built for, if the body is bound to one.
        """
        got = tuple(images.shape[-2:])
        if self._one_size and got != self.image_size:
            raise ReseenError(f"backbone built for pictures of {by(self.image_size)}, got {by(got)}")
        return self._as_map(self._features(images))

    def last_two(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) normalised -> the map (B, C, h, w), and that of the last stage but one."""
        body: Any = self.body
        features, stages = body.forward_intermediates(images, indices=2, output_fmt="NCHW")
        return self._as_map(features), stages[0]

    def _features(self, images: Tensor) -> Tensor:
        features: Tensor = self.body.forward_features(images)  # type: ignore[operator]
        return features

    def _as_map(self, features: Tensor) -> Tensor:
        if self._tokens is not None:
            height, width = self._tokens
            patches = features[:, features.shape[1] - height * width :]  # class and register tokens stand first
            return rearrange(patches, "b (h w) c -> b c h w", h=height, w=width)
        if getattr(self.body, "output_fmt", None) == "NHWC":
            return rearrange(features, "b h w c -> b c h w")
        return features

    def _probe(self) -> None:
        device = next(self.body.parameters()).device
        picture = torch.zeros(1, 3, *self.image_size, device=device)
        try:
            with torch.enable_grad():
                features = self._features(picture)
                self._tokens = self._token_grid(features, picture)
                maps = self._as_map(features)
        except CANNOT_RUN as error:
            raise cannot_take(self.body, self.image_size, error) from error
        if maps.ndim != 4 or 0 in maps.shape:
            raise ReseenError(f"{type(self.body).__name__} gives no feature map, but {tuple(maps.shape)}")
        _, channels, height, width = maps.shape
        self.feature_map = FeatureMap(channels=channels, height=height, width=width)
        _take_out_unused(self.body, maps)

    def _token_grid(self, features: Tensor, picture: Tensor) -> tuple[int, int] | None:
        """(1, tokens, C), (1, 3, H, W) -> (h, w) of the patches among the tokens; None for a map."""
        if features.ndim != 3:
            return None
        body: Any = self.body
        maps = body.forward_intermediates(picture, indices=1, output_fmt="NCHW", intermediates_only=True)
        height, width = maps[-1].shape[-2:]
        if getattr(body, "num_prefix_tokens", 0) + height * width != features.shape[1]:
            raise ValueError(f"its {features.shape[1]} tokens do not form a map of {height} x {width}")
        return height, width


def _take_out_unused(body: nn.Module, maps: Tensor) -> None:
    """Put an identity in place of each part that ``maps`` does not depend on; freeze loose parameters."""
    named = dict(body.named_parameters())
    trainable = {name: parameter for name, parameter in named.items() if parameter.requires_grad}
    gradients = torch.autograd.grad(maps.sum(), list(trainable.values()), allow_unused=True)
    unused = {name for name, gradient in zip(trainable, gradients, strict=True) if gradient is None}
    for path, module in list(body.named_modules()):
        own = {f"{path}.{name}" for name, _ in module.named_parameters()}
        if path and own and own <= unused:
            parent, _, child = path.rpartition(".")
            setattr(body.get_submodule(parent), child, nn.Identity())
            unused -= own
    for name in unused:
        named[name].requires_grad = False
