"""The model's own attention maps: the weights that its attention modules give to positions and channels.

B = images, C = channels, h, w = height and width of the map that the attention works on.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from reseen.backbones.slots import stage_paths
from reseen.errors import ReseenError
from reseen.explain.maps.attention_readers import READERS, Position, cell_of
from reseen.explain.maps.model_inputs import ModelInputs, evaluation_mode
from reseen.explain.maps.rollout import rollout_maps, watched_tokens
from reseen.explain.maps.stages import backbone_of
from reseen.explain.maps.tokens import attention_blocks


class AttentionMaps(NamedTuple):
    """The attention of one module: its ``place`` ("stage3", "branch2 block1"), its ``kind``, and its `Reading`."""

    place: str
    kind: str
    maps: Mapping[str, Tensor]
    channels: Tensor | None


def attention_maps(
    model: nn.Module, images: ModelInputs | Tensor, *, position: Position | None = None
) -> tuple[AttentionMaps, ...]:
    """The attention of every module of a kind in ``READERS``, in the order in which images pass them; a ViT's roll-out.

    RGA-S: the gate of each position. RGA-C: a gate per channel. LKA: the mean over channels of |A|, the size of its
    weights. HCA: the mean of its weights over channels, and over positions. Self-attention: how much all positions
    together attend to each. The roll-out (Abnar and Zuidema, 2020) of a ViT whose blocks relate all tokens: what of
    each patch has come into the class token, or into the patches on average where these are pooled; the parts of JPM
    have maps of their own.

    Args:
        model: An embedder, in any mode; it is left as it is.
        images: (B, 3, H, W) normalised images, or `ModelInputs` for a model that uses cameras and views.
        position: A place (down, right) as shares of height and width. Adds the relations of RGA-S from that position i
            to each k, r(i, k), and back, r(k, i); the heads of self-attention then show what that position attends to,
            and the roll-out what has come into the patch there.

    Returns:
        One `AttentionMaps` per module, and one for the roll-out: maps (B, h, w) by name, and weights (B, C) of
        channels. A roll-out whose patches overlap is drawn in pixels, (B, H, W).

    Raises:
        ReseenError: The model has no such attention, or the position is outside 0 to 1.

    Example:
        >>> import torch
        >>> from reseen import build_model
        >>> model = build_model("efficientnet_lite0_lka", num_identities=None, image_size=(64, 64))
        >>> for module in attention_maps(model, torch.zeros(1, 3, 64, 64)):
        ...     print(module.place, module.kind, *(f"{name} {tuple(maps.shape)}" for name, maps in module.maps.items()))
        stage3 LKA |A| (1, 8, 8)
        stage4 LKA |A| (1, 4, 4)
    """
    _require_inside(position)
    inputs = images if isinstance(images, ModelInputs) else ModelInputs(images)
    _require_attention(model)
    blocks = attention_blocks(model)
    with (
        _read_modules(model, position) as attention,
        evaluation_mode(model),
        torch.no_grad(),
        watched_tokens(model, blocks) as seen,
    ):
        model(*inputs)
    if blocks:
        rows, columns = backbone_of(model).token_grid or (1, 1)
        maps = rollout_maps(model, seen, cell=cell_of(position, rows, columns))
        attention.append(AttentionMaps("ViT", "roll-out", maps, None))
    return tuple(attention)


def has_attention(model: nn.Module) -> bool:
    """Whether `attention_maps` finds anything in the model."""
    return bool(attention_blocks(model)) or any(type(module) in READERS for module in model.modules())


def _require_inside(position: Position | None) -> None:
    if position is not None and not all(0 <= share <= 1 for share in position):
        raise ReseenError(f"position: expected shares of height and width from 0 to 1, got {position}")


def _require_attention(model: nn.Module) -> None:
    if not has_attention(model):
        kinds = ", ".join(kind for kind, _ in READERS.values())
        raise ReseenError(
            f"the model has no attention to draw (drawn are {kinds}, and the roll-out of ViTs whose blocks relate all "
            "tokens, not windows as Swin's do); maps of any model: hires_cam, occlusion"
        )


@contextmanager
def _read_modules(model: nn.Module, position: Position | None) -> Iterator[list[AttentionMaps]]:
    """Inside the block, each module that images pass is read, and its attention is added to the list."""
    attention: list[AttentionMaps] = []

    def read(path: str, module: nn.Module, maps: tuple[Tensor, ...]) -> None:
        kind, reader = READERS[type(module)]
        reading = reader(module, maps[0], cell_of(position, *maps[0].shape[2:]))
        attention.append(AttentionMaps(_place(model, path), kind, *reading))

    hooks = [
        module.register_forward_pre_hook(partial(read, path))
        for path, module in model.named_modules()
        if type(module) in READERS
    ]
    try:
        yield attention
    finally:
        for hook in hooks:
            hook.remove()


def _place(model: nn.Module, path: str) -> str:
    """A readable name of where a module sits.

    >>> _place(nn.Module(), "branches.1.stage.0.conv2")
    'branch2 block1'
    """
    in_branch = re.match(r"branches\.(\d+)\.stage\.(\d+)\.", path)
    if in_branch:
        return f"branch{int(in_branch[1]) + 1} block{int(in_branch[2]) + 1}"
    for name, stage in stage_paths(backbone_of(model).body).items():
        in_stage = re.match(rf"backbone\.body\.{re.escape(stage)}\.(\w+)", path)
        if in_stage:
            return f"{name} block{int(in_stage[1]) + 1}" if in_stage[1].isdigit() else name
    return path
