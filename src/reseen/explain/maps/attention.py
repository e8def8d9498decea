"""The attention maps themselves: what the gates of a model let through for given pictures.

B = pictures, C = channels, h, w = height and width of the map that the attention works on.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from reseen.attention.hca import HybridChannelAttention
from reseen.attention.lka import LargeKernelAttention
from reseen.attention.mhsa import PositionedSelfAttention
from reseen.attention.rga import ChannelRelation, ParallelRelation, SpatialRelation
from reseen.backbones.slots import stage_paths
from reseen.errors import ReseenError
from reseen.explain.maps.side import Side, at_rest
from reseen.explain.maps.stages import backbone_of

Position: TypeAlias = tuple[float, float]
"""A place in a picture as shares of its height and width: (0, 0) top left, (1, 1) bottom right."""


class Seen(NamedTuple):
    """``maps`` name -> (B, h, w), the one that tells most first; ``channels`` (B, C), a weight a channel, or None."""

    maps: Mapping[str, Tensor]
    channels: Tensor | None = None


class AttentionMaps(NamedTuple):
    """What one attention module does: its ``place`` ("stage3", "branch2 block1"), its ``kind``, what is `Seen`."""

    place: str
    kind: str
    maps: Mapping[str, Tensor]
    channels: Tensor | None


def attention_maps(
    model: nn.Module, pictures: Side | Tensor, *, position: Position | None = None
) -> tuple[AttentionMaps, ...]:
    """The attention of every module that has a line in ``READERS``, in the order in which pictures pass them.

    ``pictures``: (B, 3, H, W) normalised, or a `Side`. RGA-S: the gate of each position. RGA-C: a gate a channel.
    LKA: the mean over channels of |A|, the size of its weights. HCA: the mean of its weights over channels, and over
    positions. Self-attention: how much all positions together take from each. ``position`` adds RGA-S's relations of
    that place i to each k, r(i, k), and the other way, r(k, i); and the heads of self-attention are then what that
    place takes. Raises ReseenError for a model without such attention.
    """
    if position is not None and not all(0 <= share <= 1 for share in position):
        raise ReseenError(f"position: expected shares of height and width from 0 to 1, got {position}")
    side = pictures if isinstance(pictures, Side) else Side(pictures)
    found: list[AttentionMaps] = []

    def read(path: str, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        kind, reader = READERS[type(module)]
        seen = reader(module, inputs[0], _cell(position, inputs[0]))
        found.append(AttentionMaps(_place(model, path), kind, *seen))

    hooks = [
        module.register_forward_pre_hook(partial(read, path))
        for path, module in model.named_modules()
        if type(module) in READERS
    ]
    try:
        with at_rest(model), torch.no_grad():
            model(*side) if hooks else None
    finally:
        for hook in hooks:
            hook.remove()
    if not found:
        kinds = ", ".join(kind for kind, _ in READERS.values())
        raise ReseenError(
            f"the model has no attention to draw (drawn are {kinds}); maps of any model: hires_cam, occlusion"
        )
    return tuple(found)


def has_attention(model: nn.Module) -> bool:
    """Whether `attention_maps` finds anything in the model."""
    return any(type(module) in READERS for module in model.modules())


def _place(model: nn.Module, path: str) -> str:
    """Where a module sits, as a reader would say it.

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


Cell: TypeAlias = tuple[int, int] | None


def _cell(position: Position | None, maps: Tensor) -> Cell:
    """The row and column of (B, C, h, w) that a place of the picture falls into."""
    if position is None:
        return None
    row, column = (min(int(share * size), size - 1) for share, size in zip(position, maps.shape[2:], strict=True))
    return row, column


def _spatial(module: SpatialRelation, maps: Tensor, cell: Cell) -> Seen:
    seen = {"gate": module.gates(maps)[:, 0]}
    if cell is not None:
        outward, inward = module.relations(maps, position=cell).unbind(dim=1)
        seen |= {"r(i, k)": outward, "r(k, i)": inward}
    return Seen(seen)


def _channel(module: ChannelRelation, maps: Tensor, _: Cell) -> Seen:
    return Seen({}, module.gates(maps).flatten(1))


def _parallel(module: ParallelRelation, maps: Tensor, cell: Cell) -> Seen:
    return Seen(_spatial(module.spatial, maps, cell).maps, _channel(module.channel, maps, cell).channels)


def _large_kernel(module: LargeKernelAttention, maps: Tensor, _: Cell) -> Seen:
    return Seen({"|A|": module.weights(maps).abs().mean(dim=1)})


def _hybrid(module: HybridChannelAttention, maps: Tensor, _: Cell) -> Seen:
    weights = module.weights(maps)
    return Seen({"weight": weights.mean(dim=1)}, weights.mean(dim=(2, 3)))


def _heads(module: PositionedSelfAttention, maps: Tensor, cell: Cell) -> Seen:
    weights = module.weights(maps, position=cell)
    heads = {f"head {number}": head for number, head in enumerate(weights.unbind(dim=1), start=1)}
    return Seen({"all heads": weights.mean(dim=1), **heads})


READERS: Mapping[type[nn.Module], tuple[str, Callable[[Any, Tensor, Cell], Seen]]] = MappingProxyType(
    {
        SpatialRelation: ("RGA-S", _spatial),
        ChannelRelation: ("RGA-C", _channel),
        ParallelRelation: ("RGA-S and RGA-C", _parallel),
        LargeKernelAttention: ("LKA", _large_kernel),
        HybridChannelAttention: ("HCA", _hybrid),
        PositionedSelfAttention: ("self-attention", _heads),
    }
)
"""Module -> what it is called, and what is read of it from the map (B, C, h, w) that enters."""
