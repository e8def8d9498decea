"""HRCN: vectors of several blocks and of regions, related by graphs, each reduced to a part of the embedding.

Zhao et al., "Heterogeneous Relational Complement for Vehicle Re-identification", ICCV 2021, as its release computes it.
B = batch, n = nodes of a graph, D = width of its nodes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.backbones.resnet import ResNetBackbone
from reseen.bounds import Count
from reseen.errors import ReseenError
from reseen.models.heads.part_embedder import PartEmbedder, pooled_in_order
from reseen.models.neck import BNNeck, identity_classifier

BLOCKS = 3
"""The last blocks of each of the stages 2 to 4 whose maps are nodes, or all where a stage has fewer."""
CIRCLES = 4
WEAK = 0.001
"""Edges of a graph up to this are cut."""
SHARES = (2, 4, 4, 2, 4, 4, 4, 4, 2, 2)
"""What the last nodes' width is divided by in each part of the embedding: 4 of the last stage, 6 of regions."""


class Graph(nn.Module):
    """Two graph convolutions with shortcuts over the same edges, which are the nodes' own products."""

    def __init__(self, nodes: int, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.norms = nn.ModuleList(nn.BatchNorm1d(nodes) for _ in range(2))
        self.dropout = nn.Dropout(0.5)
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=0.01)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, nodes: Tensor) -> Tensor:
        """(B, n, D) -> (B, n, D)."""
        edges = relations(nodes)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            nodes = nodes + norm(self.dropout(layer(edges @ nodes))).relu()
        return nodes


def relations(nodes: Tensor) -> Tensor:
    """(B, n, D) -> (B, n, n): products over D, weak ones cut, rows of sum 1, the node itself added, normalised."""
    edges = nodes @ nodes.mT / nodes.shape[2]
    edges = torch.where(edges > WEAK, edges, torch.zeros_like(edges))
    edges = nn.functional.normalize(edges, p=1, dim=2) + torch.eye(nodes.shape[1], device=nodes.device)
    root = edges.sum(dim=2).rsqrt()
    return root[:, :, None] * edges * root[:, None, :]


class MapNode(nn.Module):
    """A map (B, C, H, W) -> a node (B, D): a 1 x 1 convolution, the mean over the map, norm and ReLU."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.align = nn.Sequential(nn.Conv2d(channels, width, 1), nn.BatchNorm2d(width), nn.ReLU())
        self.norm = nn.BatchNorm1d(width)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, D)."""
        node: Tensor = self.norm(self.align(maps).mean(dim=(2, 3))).relu()
        return node


class Complements(nn.Module):
    """The blocks of a ResNet -> ten vectors: the last stage's nodes and the regions', each reduced."""

    def __init__(self, channels: Sequence[Sequence[int]], *, width: int) -> None:
        super().__init__()
        widths = [width // 4, width // 2, width]
        counts = [len(of_stage) + (stage > 0) for stage, of_stage in enumerate(channels)]
        self.stages = nn.ModuleList(
            nn.ModuleList(MapNode(count, wide) for count in of_stage)
            for of_stage, wide in zip(channels, widths, strict=True)
        )
        self.below = nn.ModuleList(
            reduction(counts[stage] * widths[stage], widths[stage + 1]) for stage in range(len(widths) - 1)
        )
        self.regions = nn.ModuleList(MapNode(channels[-1][-1], width) for _ in range(CIRCLES + 1))
        self.graphs = nn.ModuleList(map(Graph, [*counts, CIRCLES + 2], [*widths, width]))
        reduced = (SHARES[:4] if counts[-1] == BLOCKS + 1 else SHARES[: counts[-1]]) + SHARES[4:]
        self.reductions = nn.ModuleList(reduction(width, width // share) for share in reduced)
        self.width = sum(width // share for share in reduced)

    def forward(
        self, backbone: Backbone, images: Tensor, *, cameras: Tensor | None, views: Tensor | None
    ) -> tuple[Tensor, ...]:
        """(B, 3, H, W) -> the parts, joined: one (B, D)."""
        assert isinstance(backbone, ResNetBackbone), "the factory has seen to it"
        del cameras, views  # a ResNet has no use for them
        maps = backbone.block_maps(images)
        nodes = self._of_stages([of_stage[-BLOCKS:] for of_stage in maps])
        whole = maps[-1][-1]
        regions = [node(whole * mask) for node, mask in zip(self.regions, circles(whole), strict=True)]
        related = self.graphs[-1](torch.stack([*regions, nodes[:, -1]], dim=1))
        parts = [*nodes.unbind(1), *related.unbind(1)]
        return (torch.cat([layer(part) for layer, part in zip(self.reductions, parts, strict=True)], dim=1),)

    def _of_stages(self, maps: Sequence[Sequence[Tensor]]) -> Tensor:
        """Each stage's graph, whose first node is what the stage below gave -> the last one's nodes (B, n, D)."""
        nodes = torch.empty(0)
        for stage, (of_stage, layers) in enumerate(zip(maps, self.stages, strict=True)):
            own = [node(one) for node, one in zip(layers.children(), of_stage, strict=True)]
            below = [self.below[stage - 1](nodes.flatten(1))] if stage else []
            nodes = self.graphs[stage](torch.stack([*below, *own], dim=1))
        return nodes


def reduction(inputs: int, outputs: int) -> nn.Sequential:
    """(B, inputs) -> (B, outputs)."""
    return nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU())


def circles(maps: Tensor) -> list[Tensor]:
    """The masks (H, W) of four filled circles about the map's centre, up to half its shorter side, and of all of it."""
    height, width = maps.shape[2:]
    rows, columns = (torch.arange(size, device=maps.device) - (size - 1) / 2 for size in (height, width))
    distances = rows[:, None].square() + columns[None, :].square()
    step = min(height, width) / 2 / CIRCLES
    masks = [(distances <= (number * step) ** 2).to(maps.dtype) for number in range(1, CIRCLES + 1)]
    return [*masks, torch.ones_like(masks[0])]


def hrcn(*, backbone: Backbone, num_identities: int | None, width: Count = 1024) -> PartEmbedder:
    """Ten parts of the last blocks and of regions, end to end; ``width`` is that of the last stage's nodes.

    Retrieval compares the vector before its last norm. Raises ReseenError for a backbone that is no ResNet.
    """
    if not isinstance(backbone, ResNetBackbone):
        raise ReseenError(f"hrcn: expected a ResNet, got {type(backbone.body).__name__}")
    was_training = backbone.training
    with torch.no_grad():
        maps = backbone.eval().block_maps(backbone.empty_image())
    backbone.train(was_training)
    parts = Complements([[one.shape[1] for one in of_stage[-BLOCKS:]] for of_stage in maps], width=width)
    return PartEmbedder(
        backbone,
        parts,
        necks=[BNNeck(parts.width)],
        classifiers=[] if num_identities is None else [identity_classifier(parts.width, num_identities)],
        width=parts.width,
        channels=parts.width,
        join=pooled_in_order,
    )
