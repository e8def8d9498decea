"""A network as a feature extractor: whatever its layout, images go in and feature maps come out.

B = batch, C = channels, H, W = height and width in pixels, h, w = in positions of the map.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import torch
from einops import rearrange
from torch import Tensor, nn

from reseen.backbones.probe import CANNOT_RUN, by, cannot_take, leaves
from reseen.errors import ReseenError
from reseen.types import FeatureMap


class SideInformation(NamedTuple):
    """The names of the cameras and of the views that a network has learned, in the order that it numbers them."""

    camera_names: tuple[str, ...] = ()
    view_names: tuple[str, ...] = ()


class Backbone(nn.Module):
    """A ``body`` (a network without its classifier) with its shape known; a family adds what its networks can do.

    The body is probed once with an empty image in evaluation mode, which leaves its statistics alone. Parts
    that the feature map does not depend on (a head that waits for a classifier) are taken out of it, so that
    every parameter counted is a parameter used.

    Args:
        body: From images (B, 3, H, W) to maps, by its ``forward_features`` where it has one (timm's have), else
            by its ``forward``. A body with side information also takes cameras and views, (B,) or None.
        image_size: (height, width) in pixels.
        slots: The paths in ``body`` that attention was put into.
        side_information: What the body has learned of cameras and views; None for one that sees images alone.

    Raises:
        ReseenError: ``body`` cannot take images of this size.
    """

    feature_map: FeatureMap
    image_size: tuple[int, int]

    def __init__(
        self,
        body: nn.Module,
        *,
        image_size: tuple[int, int],
        slots: tuple[str, ...] = (),
        side_information: SideInformation | None = None,
    ) -> None:
        super().__init__()
        self.body = body
        self.slots = slots
        self.image_size = image_size
        self.side_information = side_information
        self._tokens: tuple[int, int] | None = None
        was_training = body.training
        body.eval()
        self._probe()
        body.train(was_training)

    def forward(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> Tensor:
        """(B, 3, H, W) normalised -> (B, C, h, w).

        Cameras and views (B,) are numbers among the side information's names, or `UNKNOWN`; None where none is
        known. A body without side information sees the images alone.

        Raises ReseenError for another image size than the one built for, if the body is bound to one.
        """
        return self.as_map(self._checked_features(images, cameras, views))

    def tokens(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> Tensor:
        """(B, 3, H, W) normalised -> (B, P + h * w, C): class and register tokens, then those of the map.

        Arguments and errors as for `forward`; raises ReseenError for a network without tokens.
        """
        if self._tokens is None:
            raise ReseenError(f"expected a network of tokens (a ViT), got {type(self.body).__name__}")
        return self._checked_features(images, cameras, views)

    @property
    def token_grid(self) -> tuple[int, int] | None:
        """The rows and columns of the patches among the tokens; None for a network of maps."""
        return self._tokens

    @property
    def bound_to_size(self) -> bool:
        """Whether the body takes images of one size only."""
        patches = getattr(self.body, "patch_embed", None)
        return self._tokens is not None or getattr(patches, "img_size", None) is not None

    @property
    def has_tokens(self) -> bool:
        """Whether the body gives tokens, of which those of patches form the map."""
        return self._tokens is not None

    @property
    def channels_last_map(self) -> bool:
        """Whether the body's own map has its channels last, (B, h, w, C)."""
        return getattr(self.body, "output_fmt", None) == "NHWC"

    def last_two(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) normalised -> the map (B, C, h, w), and that of the last stage but one."""
        intermediates: Any = getattr(self.body, "forward_intermediates", None)
        if intermediates is None:
            raise ReseenError(f"{type(self.body).__name__} has no `forward_intermediates`, which gives a stage's map")
        features, stages = intermediates(images, indices=2, output_fmt="NCHW")
        return self.as_map(features), stages[0]

    def split_last_stage(self) -> tuple[Self, nn.Module]:
        """The network without its last stage, and that stage, which takes the network's maps; the body is taken apart.

        Raises ReseenError for a family whose networks have no stage to copy.
        """
        raise ReseenError(
            f"branches need a ResNet with bottlenecks (resnet50, resnet26, ...), got {type(self.body).__name__} "
            "or one without them"
        )

    def split_third_stage(self) -> tuple[Self, nn.Sequential]:
        """The network to the first block of its third stage, and a row of what follows; the body is taken apart.

        Raises ReseenError for a family whose networks have no such stages to copy.
        """
        raise ReseenError(
            f"three branches need a ResNet with bottlenecks (resnet50, ...), got {type(self.body).__name__}"
        )

    def start_tensors(self, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """A start weights file's tensors as the body names and shapes them: unchanged where a family says no other."""
        return tensors

    def set_input_size(self, image_size: tuple[int, int]) -> None:
        """Take images of another (height, width) from now on, in place, where the body can.

        A body that is bound to a size and has timm's ``set_input_size`` resamples its positional embedding.
        """
        if self.bound_to_size:
            resize = getattr(self.body, "set_input_size", None)
            if resize is None:
                return
            with torch.no_grad():
                resize(img_size=image_size)
        self.image_size = image_size
        if self._tokens is not None:
            self._tokens = self._grid_now()

    def as_map(self, features: Tensor) -> Tensor:
        """What the body or one of its blocks gives, tokens (B, P + h * w, C) or a map, as a map (B, C, h, w)."""
        if self._tokens is not None:
            height, width = self._tokens
            patches = features[:, features.shape[1] - height * width :]  # class and register tokens stand first
            return rearrange(patches, "b (h w) c -> b c h w", h=height, w=width)
        if self.channels_last_map:
            return rearrange(features, "b h w c -> b c h w")
        return features

    def _grid_now(self) -> tuple[int, int] | None:
        image, was_training = self.empty_image(), self.body.training
        self.body.eval()
        with torch.no_grad():
            tokens = self._token_grid(self._features(image, None, None), image)
        self.body.train(was_training)
        return tokens

    def _checked_features(self, images: Tensor, cameras: Tensor | None, views: Tensor | None) -> Tensor:
        got = tuple(images.shape[-2:])
        if self.bound_to_size and got != self.image_size:
            raise ReseenError(f"backbone built for images of {by(self.image_size)}, got {by(got)}")
        return self._features(images, cameras, views)

    def _features(self, images: Tensor, cameras: Tensor | None, views: Tensor | None) -> Tensor:
        forward = features_of(self.body)
        return forward(images) if self.side_information is None else forward(images, cameras, views)

    def _probe(self) -> None:
        image, known = self.empty_image(), torch.zeros(1, dtype=torch.long)
        # With a camera, so that what depends on it counts as used.
        side = [known.to(image.device) if names else None for names in self.side_information or ((), ())]
        try:
            with torch.enable_grad():
                features = self._features(image, *side)
                self._tokens = self._token_grid(features, image)
                maps = self.as_map(features)
        except CANNOT_RUN as error:
            raise cannot_take(self.body, self.image_size, error) from error
        if maps.ndim != 4 or 0 in maps.shape:
            raise ReseenError(f"{type(self.body).__name__} gives no feature map, but {tuple(maps.shape)}")
        self.feature_map = FeatureMap(*maps.shape[1:])
        _take_out_unused(self.body, maps)

    def empty_image(self) -> Tensor:
        """(1, 3, H, W) of zeros on the body's device, to learn shapes by."""
        return torch.zeros(1, 3, *self.image_size, device=next(self.body.parameters()).device)

    def _token_grid(self, features: Tensor, image: Tensor) -> tuple[int, int] | None:
        """(1, tokens, C), (1, 3, H, W) -> (h, w) of the patches among the tokens; None for a map."""
        if features.ndim != 3:
            return None
        body: Any = self.body
        maps = body.forward_intermediates(image, indices=1, output_fmt="NCHW", intermediates_only=True)
        height, width = maps[-1].shape[-2:]
        if getattr(body, "num_prefix_tokens", 0) + height * width != features.shape[1]:
            raise ValueError(f"its {features.shape[1]} tokens do not form a map of {height} x {width}")
        return height, width


def features_of(body: nn.Module) -> Callable[..., Tensor]:
    """The function of a network that gives its feature map."""
    features: Callable[..., Tensor] = getattr(body, "forward_features", body)
    return features


def _take_out_unused(body: nn.Module, maps: Tensor) -> None:
    """Put an identity in place of each part that ``maps`` does not depend on; freeze loose parameters."""
    named = dict(body.named_parameters())
    used = {id(leaf) for leaf in leaves(maps)}
    if not used and any(parameter.requires_grad for parameter in named.values()):
        raise ReseenError(
            f"{type(body).__name__}: its map has no gradient; build networks outside of torch.inference_mode()"
        )
    unused = {name for name, parameter in named.items() if parameter.requires_grad and id(parameter) not in used}
    for path, module in list(body.named_modules()):
        parameters = {f"{path}.{name}" for name, _ in module.named_parameters()}
        if path and parameters and parameters <= unused:
            parent, _, child = path.rpartition(".")
            setattr(body.get_submodule(parent), child, nn.Identity())
            unused -= parameters
    for name in unused:
        named[name].requires_grad = False
