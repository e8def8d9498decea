"""A network for images of another size: what is bound to a map's size is resampled."""

from copy import deepcopy
from typing import TypeVar

from torch import Tensor, nn

from reseen.attention.resize import Resizable
from reseen.backbones.backbone import Backbone
from reseen.backbones.probe import pass_empty_image
from reseen.types import FeatureMap

Network = TypeVar("Network", bound=nn.Module)


def set_input_size(network: Network, *, image_size: tuple[int, int]) -> Network:
    """A copy of a network for images of another size.

    Attention bound to its map's size is resampled to the new one (`reseen.attention.resize`); everything else is kept.
    This goes past the papers: evaluate, and fine-tune, at the new size.

    Args:
        network: A backbone or a whole model.
        image_size: (height, width) in pixels.

    Returns:
        The copy, in the mode of the original.

    Raises:
        ReseenError: The network cannot take images of this size.

    Example:
        >>> from reseen.backbones import build_backbone, set_input_size
        >>> backbone = build_backbone("resnet18", image_size=(64, 32))
        >>> set_input_size(backbone, image_size=(128, 64)).feature_map
        FeatureMap(channels=512, height=4, width=2)
    """
    resized = deepcopy(network)
    hooks = []
    for part in resized.modules():
        if isinstance(part, Resizable):
            hooks.append(part.register_forward_pre_hook(_resize_part))
        if isinstance(part, Backbone):
            part.set_input_size(image_size)
            hooks.append(part.register_forward_hook(_note_map))
    pass_empty_image(resized, resized, image_size=image_size)
    for hook in hooks:
        hook.remove()
    return resized


def _resize_part(part: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    """Resize a part to the map that is about to enter it."""
    assert isinstance(part, Resizable)
    part.resize_to(FeatureMap(*inputs[0].shape[1:]))


def _note_map(backbone: Backbone, _: tuple[Tensor, ...], maps: Tensor) -> None:
    backbone.feature_map = FeatureMap(*maps.shape[1:])
