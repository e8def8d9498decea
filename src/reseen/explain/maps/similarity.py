"""Maps of a similarity: which regions of the two images of a pair make them match.

B = pairs, n = branches, h, w = height and width of a map.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from reseen.errors import ReseenError, unknown
from reseen.explain.maps.decomposition import decomposes, decomposition
from reseen.explain.maps.gradient import grad_cam, hires_cam
from reseen.explain.maps.model_inputs import ModelInputs, Vectors, branch_vectors, evaluation_mode, similarity_shares
from reseen.explain.maps.occlusion import IMAGE, occlusion
from reseen.explain.maps.stages import LAST, fine_stage, reached_stages

Maps = tuple[Tensor, ...]
"""One (B, h, w) a branch, signed; sizes may differ. `summed` adds them up."""


class PairMaps(NamedTuple):
    """``shares`` (B, n) of the branches in the similarity, and for each image of the pairs a map a branch."""

    shares: Tensor
    query: Maps
    match: Maps

    @property
    def similarity(self) -> Tensor:
        """(B,): the cosine of the embeddings."""
        return self.shares.sum(dim=1)


@dataclass(frozen=True)
class Method:
    """``draw(model, inputs, other, *, stage)`` -> Maps; the ``stages`` it can use, and its ``default`` one.

    ``knows`` the model, or refuses to draw.
    """

    draw: Callable[..., Maps]
    stages: Callable[[nn.Module], Sequence[str]]
    default: Callable[[nn.Module], str]
    knows: Callable[[nn.Module], bool] = lambda _: True


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "hires_cam": Method(hires_cam, lambda model: tuple(reached_stages(model)), fine_stage),
        "grad_cam": Method(grad_cam, lambda model: tuple(reached_stages(model)), fine_stage),
        "decomposition": Method(decomposition, lambda _: (LAST,), lambda _: LAST, knows=decomposes),
        "occlusion": Method(occlusion, lambda _: (IMAGE,), lambda _: IMAGE),
    }
)
"""Name -> the method that maps a similarity."""


def similarity_maps(
    model: nn.Module,
    query: ModelInputs | Tensor,
    match: ModelInputs | Tensor,
    *,
    method: str = "hires_cam",
    stage: str | None = None,
) -> PairMaps:
    """Map the regions of B queries and of their B matches that make the two similar.

    Args:
        model: An embedder, in any mode; it is left as it is.
        query: (B, 3, H, W) normalised images, or `ModelInputs` for a model that uses cameras and views.
        match: The other image of each pair, likewise.
        method: A name in ``METHODS``: hires_cam, grad_cam, decomposition or occlusion.
        stage: ``stage1``, ``stage2``, ..., ``last_block`` of a ViT, or ``last``; left out, the method's default: for
            gradients the deepest stage with maps of at least 8 x 8.

    Returns:
        The share of each branch in the similarity, and for either image one signed map (B, h, w) per branch.

    Raises:
        ReseenError: Unknown method or stage, a stage that the method does not use, different numbers of queries and
            matches, or a pooling that `decomposition` does not know.

    Example:
        >>> import torch
        >>> from reseen import build_model
        >>> model = build_model("efficientnet_lite0", num_identities=None, image_size=(64, 64))
        >>> query, match = torch.rand(2, 1, 3, 64, 64)
        >>> maps = similarity_maps(model, query, match)
        >>> summed(maps.query).shape  # bright where the query resembles the match
        torch.Size([1, 8, 8])
    """
    query, match = _paired_inputs(query, match)
    of_query, of_match = branch_vectors(model, query), branch_vectors(model, match)
    return PairMaps(
        shares=similarity_shares(of_query, of_match),
        query=maps_toward(model, query, of_match, method=method, stage=stage),
        match=maps_toward(model, match, of_query, method=method, stage=stage),
    )


def contrast_maps(
    model: nn.Module,
    query: ModelInputs | Tensor,
    match: ModelInputs | Tensor,
    *,
    other: ModelInputs | Tensor,
    method: str = "hires_cam",
    stage: str | None = None,
) -> Maps:
    """Map the regions of B queries that make them more similar to their ``match`` than to an ``other``; signed.

    The map of a difference is the difference of the maps. Arguments and errors as for `similarity_maps`.
    """
    query, match, other = _paired_inputs(query, match, other)
    toward, away = (
        maps_toward(model, query, branch_vectors(model, inputs), method=method, stage=stage)
        for inputs in (match, other)
    )
    return tuple(for_it - against for for_it, against in zip(toward, away, strict=True))


def maps_toward(
    model: nn.Module, inputs: ModelInputs, other: Vectors, *, method: str, stage: str | None = None
) -> Maps:
    """The maps of one image of each pair, for similarities to constant vectors (from `branch_vectors`)."""
    stage = checked_stage(model, method, stage)
    with evaluation_mode(model):
        return METHODS[method].draw(model, inputs, other, stage=stage)


def checked_stage(model: nn.Module, method: str, stage: str | None) -> str:
    """The stage, or the method's default for None. ReseenError: unknown method or stage; it lists those there are."""
    if method not in METHODS:
        raise ReseenError(unknown("method", method, METHODS))
    if stage is None:
        return METHODS[method].default(model)
    known = METHODS[method].stages(model)
    if stage not in known:
        raise ReseenError(f"{method}: {unknown('stage', stage, known)}")
    return stage


def summed(maps: Maps) -> Tensor:
    """n of (B, h, w) -> (B, h, w): the branches' maps added up.

    Where sizes differ, smaller maps are enlarged to the largest and divided by as much, so that their total stays the
    same (exactly, where one size divides the other).
    """
    size = max((tuple(of_branch.shape[1:]) for of_branch in maps), key=lambda shape: shape[0] * shape[1])
    return torch.stack([_enlarged(of_branch, size) for of_branch in maps]).sum(dim=0)


def _enlarged(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    if tuple(maps.shape[1:]) == size:
        return maps
    smaller = maps.shape[1] * maps.shape[2] / (size[0] * size[1])
    return interpolate(maps[:, None], size=size, mode="bilinear", align_corners=False)[:, 0] * smaller


def _paired_inputs(*images: ModelInputs | Tensor) -> list[ModelInputs]:
    """All as `ModelInputs`. ReseenError: different numbers of images."""
    inputs = [entry if isinstance(entry, ModelInputs) else ModelInputs(entry) for entry in images]
    counts = [len(entry.images) for entry in inputs]
    if len(set(counts)) > 1:
        raise ReseenError(f"pairs: expected as many queries as matches, got {' and '.join(map(str, counts))}")
    return inputs
