"""The parts of a backbone that start weights fill: its layers from the top down, and its batch norms.

Attention is put into a backbone and starts at random, so it is no such part.
"""

from collections.abc import Mapping

from timm.models import group_parameters
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from reseen.backbones.backbone import Backbone
from reseen.errors import ReseenError


def start_parameters(backbone: Backbone) -> dict[str, nn.Parameter]:
    """The trainable parameters of the body by name, without those of attention."""
    named = backbone.body.named_parameters()
    return {name: value for name, value in named if value.requires_grad and not _in_attention(name, backbone)}


def start_batch_norms(backbone: Backbone) -> tuple[nn.Module, ...]:
    """The batch norms of the body, without those of attention."""
    named = backbone.body.named_modules()
    return tuple(
        module for name, module in named if isinstance(module, _BatchNorm) and not _in_attention(name, backbone)
    )


def layers_below_top(backbone: Backbone) -> Mapping[str, int]:
    """Name of each of `start_parameters` -> how many of timm's groups of layers stand above its own: 0 at the top.

    Raises ReseenError for a body that does not say how its layers are grouped.
    """
    matcher = getattr(backbone.body, "group_matcher", None)
    if matcher is None:
        raise ReseenError(
            f"training.layer_decay: {type(backbone.body).__name__} does not group its layers (it has no "
            "`group_matcher`, which timm's networks have); leave layer_decay out, or use a timm backbone"
        )
    groups = group_parameters(backbone.body, matcher(coarse=False), reverse=True)
    mine = {name: groups[name] for name in start_parameters(backbone)}
    from_top = sorted(set(mine.values()), reverse=True)
    return {name: from_top.index(group) for name, group in mine.items()}


def _in_attention(name: str, backbone: Backbone) -> bool:
    return any(f"{name}.".startswith(f"{slot}.") for slot in backbone.slots)
