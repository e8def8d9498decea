"""How the weights of each kind of attention module are read.

B = images, C = channels, h, w = height and width of the map that the attention works on.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from torch import Tensor, nn

from reseen.attention.hca import HybridChannelAttention
from reseen.attention.lka import LargeKernelAttention
from reseen.attention.mhsa import PositionedSelfAttention
from reseen.attention.rga import ChannelRelation, ParallelRelation, SpatialRelation

Position: TypeAlias = tuple[float, float]
"""A place in an image, as shares of its height and width: (0, 0) is top left, (1, 1) bottom right."""

Cell: TypeAlias = tuple[int, int] | None
"""Row and column of a map, or None."""


class Reading(NamedTuple):
    """What a reader gives: ``maps`` name -> (B, h, w), the most telling first; ``channels`` (B, C) weights, or None."""

    maps: Mapping[str, Tensor]
    channels: Tensor | None = None


def cell_of(position: Position | None, rows: int, columns: int) -> Cell:
    """The row and column of a map that holds this place of the image."""
    if position is None:
        return None
    row, column = (min(int(share * size), size - 1) for share, size in zip(position, (rows, columns), strict=True))
    return row, column


def _spatial(module: SpatialRelation, maps: Tensor, cell: Cell) -> Reading:
    readings = {"gate": module.gates(maps)[:, 0]}
    if cell is not None:
        outward, inward = module.relations(maps, position=cell).unbind(dim=1)
        readings |= {"r(i, k)": outward, "r(k, i)": inward}
    return Reading(readings)


def _channel(module: ChannelRelation, maps: Tensor, _: Cell) -> Reading:
    return Reading({}, module.gates(maps).flatten(1))


def _parallel(module: ParallelRelation, maps: Tensor, cell: Cell) -> Reading:
    return Reading(_spatial(module.spatial, maps, cell).maps, _channel(module.channel, maps, cell).channels)


def _large_kernel(module: LargeKernelAttention, maps: Tensor, _: Cell) -> Reading:
    return Reading({"|A|": module.weights(maps).abs().mean(dim=1)})


def _hybrid(module: HybridChannelAttention, maps: Tensor, _: Cell) -> Reading:
    weights = module.weights(maps)
    return Reading({"weight": weights.mean(dim=1)}, weights.mean(dim=(2, 3)))


def _heads(module: PositionedSelfAttention, maps: Tensor, cell: Cell) -> Reading:
    weights = module.weights(maps, position=cell)
    heads = {f"head {number}": head for number, head in enumerate(weights.unbind(dim=1), start=1)}
    return Reading({"all heads": weights.mean(dim=1), **heads})


READERS: Mapping[type[nn.Module], tuple[str, Callable[[Any, Tensor, Cell], Reading]]] = MappingProxyType(
    {
        SpatialRelation: ("RGA-S", _spatial),
        ChannelRelation: ("RGA-C", _channel),
        ParallelRelation: ("RGA-S and RGA-C", _parallel),
        LargeKernelAttention: ("LKA", _large_kernel),
        HybridChannelAttention: ("HCA", _hybrid),
        PositionedSelfAttention: ("self-attention", _heads),
    }
)
"""Module -> its name for readers, and the function that reads it, given the map (B, C, h, w) that enters it."""
