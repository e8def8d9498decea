"""The stages of a model whose feature maps can be explained, by name.

``stage1``, ``stage2``, ... are the backbone's; ``last_block`` is what enters the attention of a ViT's last block, whose
patches are a map; ``last`` is the map that is pooled, of which a multi-branch model has one a branch.
"""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.backbones.probe import pass_empty_image
from reseen.backbones.slots import stage_paths
from reseen.errors import ReseenError
from reseen.explain.maps.model_inputs import evaluation_mode
from reseen.explain.maps.tokens import last_attention

LAST_BLOCK, LAST = "last_block", "last"
ENOUGH_POSITIONS = 64
"""A map of fewer positions (8 x 8) is too coarse to point at a part of an object."""

Layers = tuple[nn.Module, ...]
"""The module whose output is the map (B, C, h, w), one a branch; branches share a stage of the trunk. Of
``LAST_BLOCK`` the attention, and its input counts."""


def stage_layers(model: nn.Module) -> Mapping[str, Layers]:
    """Name -> modules, in the order in which an image passes them.

    Raises ReseenError for a model without a backbone, which has no feature maps.
    """
    backbone = backbone_of(model)
    branches: Any = getattr(model, "branches", None)
    last: Layers = (backbone,) if branches is None else tuple(branch.stage for branch in branches)
    stages = {
        name: (backbone.body.get_submodule(path),) * len(last) for name, path in stage_paths(backbone.body).items()
    }
    attention = last_attention(model)
    tokens = {} if attention is None else {LAST_BLOCK: (attention,)}
    return {**stages, **tokens, LAST: last}


def backbone_of(model: nn.Module) -> Backbone:
    """The model's backbone. Raises ReseenError for a model that has none (a colour histogram)."""
    backbone = getattr(model, "backbone", None)
    if not isinstance(backbone, Backbone):
        raise ReseenError(f"{type(model).__name__} has no backbone, so there is no feature map to explain")
    return backbone


def fine_stage(model: nn.Module) -> str:
    """The deepest stage whose maps have at least ``ENOUGH_POSITIONS``; the deepest if there is none.

    Raises ReseenError for a model whose vector comes of no such map.
    """
    positions = reached_stages(model)
    fine = [name for name, count in positions.items() if count >= ENOUGH_POSITIONS]
    return fine[-1] if fine else next(reversed(positions))


def reached_stages(model: nn.Module) -> dict[str, int]:
    """The stages that an image passes on its way to the vector -> the positions of the smallest of their maps.

    A head over tokens does without the ``last`` map. Raises ReseenError for a model that passes none.
    """
    layers, backbone = stage_layers(model), backbone_of(model)
    positions: dict[nn.Module, int] = {}

    def note(module: nn.Module, _inputs: object, output: Tensor) -> None:
        maps = output if output.ndim == 4 else backbone.as_map(output)
        positions[module] = maps.shape[2] * maps.shape[3]

    hooks = [module.register_forward_hook(note) for module in set(chain.from_iterable(layers.values()))]
    try:
        with evaluation_mode(model):
            pass_empty_image(model, model, image_size=backbone.image_size)
    finally:
        for hook in hooks:
            hook.remove()
    reached = {
        name: min(positions[module] for module in modules)
        for name, modules in layers.items()
        if positions.keys() >= set(modules)
    }
    if not reached:
        raise ReseenError(f"{type(model).__name__} puts its vector together from tokens, not from a map: use occlusion")
    return reached
