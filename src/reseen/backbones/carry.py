"""A network with attention, carried to pictures of another size."""

from copy import deepcopy
from functools import partial
from typing import TypeVar

from torch import Tensor, nn

from reseen.attention.carry import Carriable
from reseen.backbones.backbone import Backbone
from reseen.backbones.probe import pass_empty_picture
from reseen.types import FeatureMap

Network = TypeVar("Network", bound=nn.Module)


def carry(network: Network, *, image_size: tuple[int, int]) -> Network:
    """A copy of ``network`` (a backbone or a whole model) for pictures of ``image_size`` (height, width).

    Attention bound to its map's size is resampled to the new one (`reseen.attention.carry`); everything else is kept.
    This goes past the papers: evaluate, and fine-tune, at the new size.

    Raises ReseenError if the network cannot take pictures of this size.
    """
    carried = deepcopy(network)
    hooks = []
    for part in carried.modules():
        if isinstance(part, Carriable):
            hooks.append(part.register_forward_pre_hook(_carry_part))
        if isinstance(part, Backbone):
            hooks.append(part.register_forward_hook(partial(_note_size, image_size=image_size)))
    pass_empty_picture(carried, carried, image_size=image_size)
    for hook in hooks:
        hook.remove()
    return carried


def _carry_part(part: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    """Carry a part to the map that is about to enter it."""
    assert isinstance(part, Carriable)
    part.carry_to(FeatureMap(*inputs[0].shape[1:]))


def _note_size(backbone: Backbone, _: tuple[Tensor, ...], maps: Tensor, *, image_size: tuple[int, int]) -> None:
    backbone.image_size = image_size
    backbone.feature_map = FeatureMap(*maps.shape[1:])
