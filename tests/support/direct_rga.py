"""RGA as the paper and its release define it, affinity and all: what the package's form must equal.

Takes the weights of a `RelationGate` and computes with them node by node, in the axes of Fig. 3: x (B, F, M).
"""

import torch
from torch import Tensor, nn

from reseen.attention.rga import ChannelRelation, RelationGate, SpatialRelation


def direct(module: nn.Module, maps: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, H, W) for a module of rga_s, rga_c, rga_sc or rga_cs."""
    if isinstance(module, nn.Sequential):
        for part in module:
            maps = direct(part, maps)
        return maps
    if isinstance(module, SpatialRelation):
        nodes = maps.reshape(*maps.shape[:2], -1)
        return maps * direct_gate(module.relation, nodes).reshape(len(maps), 1, *maps.shape[2:])
    assert isinstance(module, ChannelRelation)
    nodes = maps.reshape(*maps.shape[:2], -1).transpose(1, 2)
    return maps * direct_gate(module.relation, nodes).reshape(len(maps), -1, 1, 1)


def direct_gate(gate: RelationGate, nodes: Tensor) -> Tensor:
    """(B, F, M) -> (B, M): eqs. 1 to 3 with the affinity formed, its rows and columns stacked."""
    theta, phi, own = _embedded(gate, nodes)
    affinity = torch.einsum("bfi,bfj->bij", theta, phi)
    stacked = torch.cat([affinity.transpose(1, 2), affinity], dim=1)  # (B, 2M, M): column i is node i's relations
    relations = _norm(gate.relate_norm, torch.einsum("rk,bki->bri", gate.relate.weight, stacked)).relu()
    joined = torch.cat([own.mean(dim=1, keepdim=True), relations], dim=1)
    hidden = _norm(gate.combine_norm, _conv(gate.combine, joined)).relu()
    return _norm(gate.gate_norm, _conv(gate.gate, hidden))[:, 0].sigmoid()


def _embedded(gate: RelationGate, nodes: Tensor) -> list[Tensor]:
    """Three separate convolutions with a norm each, as released."""
    norm = gate.embed_norm
    parts = []
    for part in torch.arange(3 * gate.thin).chunk(3):
        values = torch.einsum("of,bfn->bon", gate.embed.weight[part, :, 0, 0], nodes)
        parts.append(_normalised(values, norm, part).relu())
    return parts


def _conv(conv: nn.Conv2d, values: Tensor) -> Tensor:
    return torch.einsum("of,bfn->bon", conv.weight[:, :, 0, 0], values)


def _norm(norm: nn.BatchNorm2d, values: Tensor) -> Tensor:
    return _normalised(values, norm, torch.arange(norm.num_features))


def _normalised(values: Tensor, norm: nn.BatchNorm2d, channels: Tensor) -> Tensor:
    """Batch norm written out: the batch's moments in training, the running ones in evaluation."""
    mean, variance = norm.running_mean[channels], norm.running_var[channels]
    if norm.training:
        mean, variance = values.mean(dim=(0, 2)), values.var(dim=(0, 2), correction=0)
    scale = norm.weight[channels] / (variance + norm.eps).sqrt()
    return (values - mean[:, None]) * scale[:, None] + norm.bias[channels, None]
