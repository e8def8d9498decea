"""Relation-aware global attention (RGA), computed without the affinity matrix.

Zhang et al., "Relation-Aware Global Attention for Person Re-identification", CVPR 2020, section 3.

The nodes of a map are its H * W positions, each a vector of C features (RGA-S), or its C channels, each a vector of
H * W features (RGA-C). Both run the same computation, with the axes swapped. It multiplies each node by a gate,
computed from the node's own features and from its relations to all nodes.

B = batch, F = features of a node, M = nodes, f = F // reduction, m = M // reduction.
Tensors of nodes are (B, F, 1, M). They are views of the map in either memory format: no data are copied.
"""

from contextlib import AbstractContextManager, nullcontext

import torch
from einops import rearrange
from torch import Tensor, nn

from reseen.attention.resize import refuse_other_map, resampled
from reseen.attention.start import Start
from reseen.bounds import Count
from reseen.errors import ReseenError
from reseen.types import FeatureMap


class SpatialRelation(nn.Module):
    """RGA-S: multiplies every position by its gate. `RelationGate` explains the reductions."""

    def __init__(self, feature_map: FeatureMap, *, reduction: int, gate_reduction: int) -> None:
        super().__init__()
        self.feature_map = feature_map
        channels, height, width = feature_map
        self.relation = RelationGate(
            features=channels, nodes=height * width, reduction=reduction, gate_reduction=gate_reduction
        )

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W). Raises ReseenError for another map than the one built for."""
        return maps * self.gates(maps)

    def gates(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 1, H, W) in 0..1."""
        refuse_other_map(maps, self.feature_map)
        gates: Tensor = self.relation(rearrange(maps, "b c h w -> b c 1 (h w)"))
        return rearrange(gates, "b 1 1 (h w) -> b 1 h w", w=self.feature_map.width)

    def relations(self, maps: Tensor, *, position: tuple[int, int]) -> Tensor:
        """(B, C, H, W), (row, column) i -> (B, 2, H, W): the relations r(i, k) and r(k, i) for every position k."""
        refuse_other_map(maps, self.feature_map)
        row, column = position
        node = row * self.feature_map.width + column
        rows = self.relation.rows(rearrange(maps, "b c h w -> b c 1 (h w)"), node=node)
        return rearrange(rows, "b both (h w) -> b both h w", w=self.feature_map.width)

    def resize_to(self, feature_map: FeatureMap) -> None:
        """Resample the weights that are indexed by position: those of a node's relations to each position."""
        relate = self.relation.relate
        halves = rearrange(relate.weight.detach(), "m (half n) -> half m n", half=2)
        halves = resampled(halves, source=self.feature_map, target=feature_map)
        relate.weight = nn.Parameter(rearrange(halves, "half m n -> m (half n)"))
        relate.in_features = relate.weight.shape[1]
        self.feature_map = feature_map


class ChannelRelation(nn.Module):
    """RGA-C: multiplies every channel by its gate; RGA-S with the axes swapped."""

    def __init__(self, feature_map: FeatureMap, *, reduction: int, gate_reduction: int) -> None:
        super().__init__()
        self.feature_map = feature_map
        channels, height, width = feature_map
        self.relation = RelationGate(
            features=height * width, nodes=channels, reduction=reduction, gate_reduction=gate_reduction
        )

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W). Raises ReseenError for another map than the one built for."""
        return maps * self.gates(maps)

    def gates(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, 1, 1) in 0..1."""
        refuse_other_map(maps, self.feature_map)
        gates: Tensor = self.relation(rearrange(maps, "b c h w -> b (h w) 1 c"))
        return rearrange(gates, "b 1 1 c -> b c 1 1")

    def resize_to(self, feature_map: FeatureMap) -> None:
        """Resample the weights that are indexed by position: those that embed the positions of a channel."""
        embed = self.relation.embed
        weight = rearrange(embed.weight.detach(), "f n 1 1 -> f n")
        weight = resampled(weight, source=self.feature_map, target=feature_map)
        embed.weight = nn.Parameter(rearrange(weight, "f n -> f n 1 1"))
        embed.in_channels = embed.weight.shape[1]
        self.feature_map = feature_map


class ParallelRelation(nn.Module):
    """Multiplies a map by both gates of the same map. The paper has them in sequence; the product is our choice."""

    def __init__(self, spatial: SpatialRelation, channel: ChannelRelation) -> None:
        super().__init__()
        self.spatial = spatial
        self.channel = channel

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W). Raises ReseenError for another map than the one built for."""
        return maps * self.spatial.gates(maps) * self.channel.gates(maps)


class RelationGate(nn.Module):
    """The gate of each node, from its own features and from its relations to all nodes.

    theta, phi, own = ReLU(BN(1x1 conv)) of the nodes. The relation of node i to node k is r(i, k) = theta_i . phi_k
    (eq. 1). A linear layer [W_out, W_in] maps the relations [r(i, 1..M), r(1..M, i)] to m numbers (eq. 2). Since it is
    linear, it is applied to the factors of the affinity matrix, and the M x M matrix is never computed:

        W_out Phi^T theta_i + W_in Theta^T phi_i

    ``reduction`` divides F and M to f and m; ``gate_reduction`` divides the 1 + m channels inside the gate (eq. 3).
    Raises ReseenError if a reduction leaves no channels.
    """

    def __init__(self, *, features: int, nodes: int, reduction: int, gate_reduction: int) -> None:
        super().__init__()
        thin, relations = features // reduction, nodes // reduction
        hidden = (1 + relations) // gate_reduction
        if min(thin, relations, hidden) < 1:
            raise ReseenError(
                f"reduction {reduction} and gate_reduction {gate_reduction} leave no channels of {features} features "
                f"and {nodes} nodes: expected at least 1 each, got {thin} embedded, {relations} relations, {hidden} in "
                "the gate"
            )
        self.thin = thin
        self.embed = _conv(features, 3 * thin)
        self.embed_norm = nn.BatchNorm2d(3 * thin)
        self.relate = nn.Linear(2 * nodes, relations, bias=False)
        self.relate_norm = nn.BatchNorm2d(relations)
        self.combine = _conv(1 + relations, hidden)
        self.combine_norm = nn.BatchNorm2d(hidden)
        self.gate = _conv(hidden, 1)
        self.gate_norm = nn.BatchNorm2d(1)

    def forward(self, nodes: Tensor) -> Tensor:
        """(B, F, 1, M) -> (B, 1, 1, M) in 0..1."""
        embedded = self.embed_norm(self.embed(nodes)).relu_()
        pair, own = embedded[:, : 2 * self.thin], embedded[:, 2 * self.thin :]
        relations = self.relate_norm(_relations(pair, self.relate.weight)).relu_()
        own = own.mean(dim=1, keepdim=True, dtype=_precise(own))
        # The layer of eq. 3 over [own, relations]. Its weight is split, so that the two need not be concatenated.
        weight = self.combine.weight
        combined = nn.functional.conv2d(relations, weight[:, 1:]) + (weight[:, 0] * own).to(relations.dtype)
        gates: Tensor = self.gate_norm(self.gate(self.combine_norm(combined).relu_()))
        return gates.sigmoid()

    def rows(self, nodes: Tensor, *, node: int) -> Tensor:
        """(B, F, 1, M), i -> (B, 2, M): row and column i of the affinity matrix (eq. 1), without the rest of it."""
        pair = self.embed_norm(self.embed(nodes)).relu_()[:, : 2 * self.thin]
        theta, phi = rearrange(pair, "b f 1 n -> b f n").chunk(2, dim=1)
        outward = torch.einsum("bf,bfn->bn", theta[:, :, node], phi)
        inward = torch.einsum("bf,bfn->bn", phi[:, :, node], theta)
        return torch.stack([outward, inward], dim=1)


def _relations(pair: Tensor, weight: Tensor) -> Tensor:
    """[theta, phi] (B, 2f, 1, M), [W_out, W_in] (m, 2M) -> (B, m, 1, M)."""
    pair = rearrange(pair, "b f 1 n -> b f n")
    theta, phi = pair.chunk(2, dim=1)
    outward, inward = weight.chunk(2, dim=1)
    with _without_autocast(pair):  # half precision would lose digits in these sums over all nodes
        of_phi = torch.einsum("rn,bfn->brf", outward, phi.to(weight.dtype))
        of_theta = torch.einsum("rn,bfn->brf", inward, theta.to(weight.dtype))
    factors = torch.cat([of_phi, of_theta], dim=2).to(pair.dtype)
    return rearrange(torch.einsum("brf,bfn->brn", factors, pair), "b r n -> b r 1 n")


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=1, bias=False)


def _precise(values: Tensor) -> torch.dtype:
    return torch.promote_types(values.dtype, torch.float32)


def _without_autocast(values: Tensor) -> AbstractContextManager[object]:
    kind = values.device.type
    on = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)  # the meta device has none
    return torch.autocast(kind, enabled=False) if on else nullcontext()


def rga_s(
    feature_map: FeatureMap, *, reduction: Count = 8, gate_reduction: Count = 8, start: Start = "random"
) -> nn.Module:
    """Spatial relations (RGA-S)."""
    return _begun(start, SpatialRelation(feature_map, reduction=reduction, gate_reduction=gate_reduction))


def rga_c(
    feature_map: FeatureMap, *, reduction: Count = 8, gate_reduction: Count = 8, start: Start = "random"
) -> nn.Module:
    """Channel relations (RGA-C)."""
    return _begun(start, ChannelRelation(feature_map, reduction=reduction, gate_reduction=gate_reduction))


def rga_sc(
    feature_map: FeatureMap, *, reduction: Count = 8, gate_reduction: Count = 8, start: Start = "random"
) -> nn.Module:
    """Spatial, then channel relations (RGA-SC), the best combination of the paper."""
    spatial = rga_s(feature_map, reduction=reduction, gate_reduction=gate_reduction, start=start)
    return nn.Sequential(spatial, rga_c(feature_map, reduction=reduction, gate_reduction=gate_reduction, start=start))


def rga_cs(
    feature_map: FeatureMap, *, reduction: Count = 8, gate_reduction: Count = 8, start: Start = "random"
) -> nn.Module:
    """Channel, then spatial relations (RGA-CS)."""
    channel = rga_c(feature_map, reduction=reduction, gate_reduction=gate_reduction, start=start)
    return nn.Sequential(channel, rga_s(feature_map, reduction=reduction, gate_reduction=gate_reduction, start=start))


def rga_parallel(
    feature_map: FeatureMap, *, reduction: Count = 8, gate_reduction: Count = 8, start: Start = "random"
) -> nn.Module:
    """Spatial and channel relations of the same map, their gates multiplied."""
    both = ParallelRelation(
        SpatialRelation(feature_map, reduction=reduction, gate_reduction=gate_reduction),
        ChannelRelation(feature_map, reduction=reduction, gate_reduction=gate_reduction),
    )
    return _begun(start, both)


def _begun(start: Start, attention: nn.Module) -> nn.Module:
    """With a neutral start, set the weight of each gate's last norm to 0, so that every gate begins at 0.5."""
    if start == "neutral":
        for part in attention.modules():
            if isinstance(part, RelationGate):
                nn.init.zeros_(part.gate_norm.weight)
    return attention
