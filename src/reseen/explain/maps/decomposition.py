"""The exact decomposition of a similarity over the positions of the maps that are pooled.

Pooling, BNNeck and the dot product are linear in the map (or, for maximum and generalized mean, each pooled number
can be shared out among the positions that made it), so a similarity is a sum over pairs of one position of either
image: Stylianou et al., "Visualizing Deep Similarity Networks", WACV 2019; Zhu et al., "Visual Explanation for Deep
Metric Learning", 2021. What does not depend on a position (the neck's mean, metadata) is shared out evenly. So is a
whitening, once the vector's length is known. B = pairs, C = channels, h, w = height and width of the map, n = branches.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.explain.maps.model_inputs import ModelInputs, Vectors, evaluation_mode
from reseen.explain.maps.stages import LAST, stage_layers
from reseen.models import BNNeck, Whitening
from reseen.ops.pooling import AveragePool, GeneralizedMeanPool, MaxPool

SMALLEST = 1e-6
"""As in `reseen.ops.generalized_mean`."""


def decomposition(model: nn.Module, inputs: ModelInputs, other: Vectors, *, stage: str = LAST) -> tuple[Tensor, ...]:
    """-> n of (B, h, w), signed, each of which adds up to its branch's share of the similarity to ``other``.

    Raises ReseenError for a pooling or a neck that is not of this package.
    """
    if stage != LAST:
        raise ValueError(f"stage: the similarity decomposes over '{LAST}' only, got '{stage}'")
    parts = position_vectors(model, inputs)
    unit = [nn.functional.normalize(vectors, dim=1) for vectors in other]
    return tuple(
        torch.einsum("bchw,bc->bhw", part, vectors) / len(parts) for part, vectors in zip(parts, unit, strict=True)
    )


def decomposes(model: nn.Module) -> bool:
    """Whether the model's vectors are maps that are pooled in a known way, each with a neck."""
    return all(type(getattr(branch, "pooling", None)) in SHARED_OUT for branch in getattr(model, "branches", [model]))


def position_table(model: nn.Module, query: ModelInputs, match: ModelInputs) -> tuple[Tensor, ...]:
    """-> n of (B, h, w, h', w'): what each pair of a position of the query and one of the match adds to the similarity.

    Summed over everything, branches too, this is the similarity. Raises ReseenError as `decomposition`.
    """
    both = zip(position_vectors(model, query), position_vectors(model, match), strict=True)
    tables = [torch.einsum("bchw,bcij->bhwij", of_query, of_match) for of_query, of_match in both]
    return tuple(table / len(tables) for table in tables)


def position_vectors(model: nn.Module, inputs: ModelInputs) -> tuple[Tensor, ...]:
    """-> n of (B, C, h, w): vectors that add up, over the positions, to the branch's vector of length 1."""
    maps, pooled = _last_maps(model, inputs)
    parts = []
    for branch, of_branch, vector in zip(_branches(model), maps, pooled, strict=True):
        positions = of_branch.shape[2] * of_branch.shape[3]
        shares = _pooling_of(branch.pooling)(branch.pooling, of_branch)
        even = (vector - shares.sum(dim=(2, 3))) / positions  # metadata; rounding otherwise
        part = shares + _over_map(even)
        if getattr(branch, "embedding", "necked") == "necked":
            scale, shift = _neck_of(branch.neck)
            part = part * _over_map(scale) + _over_map(shift) / positions
        whitening = getattr(branch, "whitening", None)
        parts.append(_of_length_one(part if whitening is None else _whitened(_of_length_one(part), whitening)))
    return tuple(parts)


def _of_length_one(part: Tensor) -> Tensor:
    """(B, C, h, w), divided by the length of its sum over the positions."""
    return part / _over_map(part.sum(dim=(2, 3)).norm(dim=1, keepdim=True))


def _whitened(part: Tensor, whitening: Whitening) -> Tensor:
    """(B, C, h, w) -> (B, D, h, w); the mean's part is shared out evenly."""
    even = whitening.mean / (part.shape[2] * part.shape[3])
    return torch.einsum("bchw,cd->bdhw", part - _over_map(even), whitening.projection)


def _last_maps(model: nn.Module, inputs: ModelInputs) -> tuple[list[Tensor], Vectors]:
    """The maps that are pooled, one (B, C, h, w) a branch, and what each was pooled to, metadata added."""
    maps: list[Tensor] = []
    hooks = [
        layer.register_forward_hook(lambda _module, _inputs, output: maps.append(output))
        for layer in stage_layers(model)[LAST]
    ]
    try:
        with evaluation_mode(model), torch.no_grad():
            pooled: Vectors = model(*inputs).pooled
    finally:
        for hook in hooks:
            hook.remove()
    return maps, pooled


def _branches(model: Any) -> list[Any]:
    """Whatever has a pooling and a neck: the branches, or the single-branch model itself.

    Raises ReseenError for a model whose vectors are of another kind.
    """
    branches = list(getattr(model, "branches", [model]))
    if not all(hasattr(branch, "pooling") for branch in branches):
        raise ReseenError(
            f"decomposition knows pooled maps with a neck, got {type(model).__name__}, whose parts are put together "
            "otherwise: use grad_cam, hires_cam or occlusion"
        )
    return branches


def _neck_of(neck: nn.Module) -> tuple[Tensor, Tensor]:
    """A BNNeck in evaluation mode is scale * x + shift: two (C,)."""
    if not isinstance(neck, BNNeck):
        raise ReseenError(f"decomposition knows the BNNeck, got {type(neck).__name__}: use grad_cam or occlusion")
    norm: Any = neck.norm
    scale = norm.weight.detach() * torch.rsqrt(norm.running_var + norm.eps)
    return scale, norm.bias.detach() - scale * norm.running_mean


def _pooling_of(pooling: nn.Module) -> Callable[[Any, Tensor], Tensor]:
    if type(pooling) not in SHARED_OUT:
        names = ", ".join(kind.__name__ for kind in SHARED_OUT)
        raise ReseenError(
            f"decomposition knows {names}, got {type(pooling).__name__}: use grad_cam, hires_cam or occlusion"
        )
    return SHARED_OUT[type(pooling)]


def _of_average(_: AveragePool, maps: Tensor) -> Tensor:
    return maps.float() / (maps.shape[2] * maps.shape[3])


def _of_maximum(_: MaxPool, maps: Tensor) -> Tensor:
    """All of it to the position of the maximum; the first one where several are equal."""
    flat = rearrange(maps.float(), "b c h w -> b c (h w)")
    best = flat.argmax(dim=2, keepdim=True)
    only = torch.zeros_like(flat).scatter(2, best, flat.gather(2, best))
    return rearrange(only, "b c (h w) -> b c h w", w=maps.shape[3])


def _of_generalized_mean(pooling: GeneralizedMeanPool, maps: Tensor) -> Tensor:
    """In proportion to each position's power."""
    powers = maps.float().clamp(min=SMALLEST).pow(torch.as_tensor(pooling.p).detach())
    pooled = pooling(maps).detach()
    return powers / powers.sum(dim=(2, 3), keepdim=True) * _over_map(pooled)


def _over_map(vectors: Tensor) -> Tensor:
    """(..., C) -> (..., C, 1, 1)."""
    return rearrange(vectors, "... c -> ... c 1 1")


SHARED_OUT: Mapping[type[nn.Module], Callable[[Any, Tensor], Tensor]] = MappingProxyType(
    {AveragePool: _of_average, MaxPool: _of_maximum, GeneralizedMeanPool: _of_generalized_mean}
)
"""Pooling -> (pooling, maps (B, C, h, w)) -> (B, C, h, w): what each position gave to its channel's pooled number."""
