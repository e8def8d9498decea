"""Maps of a similarity: which regions of either picture of a pair make the two match.

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
from reseen.explain.maps.decomposition import decomposition
from reseen.explain.maps.gradient import grad_cam, hires_cam
from reseen.explain.maps.occlusion import PICTURE, occlusion
from reseen.explain.maps.side import Side, Vectors, at_rest, branch_vectors, similarity_shares
from reseen.explain.maps.stages import LAST, fine_stage, stage_layers

Maps = tuple[Tensor, ...]
"""One (B, h, w) a branch, signed; sizes may differ. `summed` adds them up."""


class PairMaps(NamedTuple):
    """``shares`` (B, n) of the branches in the similarity, and for each picture of the pairs a map a branch."""

    shares: Tensor
    query: Maps
    match: Maps

    @property
    def similarity(self) -> Tensor:
        """(B,): the cosine of the embeddings."""
        return self.shares.sum(dim=1)


@dataclass(frozen=True)
class Method:
    """``draw(model, side, other, *, stage)`` -> Maps; ``stages`` and ``default`` say where it can look."""

    draw: Callable[..., Maps]
    stages: Callable[[nn.Module], Sequence[str]]
    default: Callable[[nn.Module], str]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "hires_cam": Method(hires_cam, lambda model: tuple(stage_layers(model)), fine_stage),
        "grad_cam": Method(grad_cam, lambda model: tuple(stage_layers(model)), fine_stage),
        "decomposition": Method(decomposition, lambda _: (LAST,), lambda _: LAST),
        "occlusion": Method(occlusion, lambda _: (PICTURE,), lambda _: PICTURE),
    }
)
"""Name -> how a map of a similarity is made."""


def similarity_maps(
    model: nn.Module, query: Side | Tensor, match: Side | Tensor, *, method: str = "hires_cam", stage: str | None = None
) -> PairMaps:
    """Which regions of B queries and of their B matches make the two alike.

    ``query`` and ``match``: (B, 3, H, W) normalised, or a `Side` with cameras and views for a model that is told
    them. ``method``: a name in ``METHODS``. ``stage``: ``stage1`` ... or ``last``; None takes the method's own
    default, for gradients the deepest map of at least 8 x 8. Raises ReseenError for an unknown method, for a stage
    that does not exist or that the method does not look at, and for a pooling that `decomposition` does not know.
    """
    query, match = _sides(query, match)
    of_query, of_match = branch_vectors(model, query), branch_vectors(model, match)
    return PairMaps(
        shares=similarity_shares(of_query, of_match),
        query=maps_toward(model, query, of_match, method=method, stage=stage),
        match=maps_toward(model, match, of_query, method=method, stage=stage),
    )


def contrast_maps(
    model: nn.Module,
    query: Side | Tensor,
    match: Side | Tensor,
    *,
    other: Side | Tensor,
    method: str = "hires_cam",
    stage: str | None = None,
) -> Maps:
    """Which regions of B queries make them more like their ``match`` than like some ``other``; below 0 the reverse.

    The map of a difference is the difference of the maps. Arguments and errors as `similarity_maps`.
    """
    query, match, other = _sides(query, match, other)
    toward, away = (
        maps_toward(model, query, branch_vectors(model, side), method=method, stage=stage) for side in (match, other)
    )
    return tuple(one - two for one, two in zip(toward, away, strict=True))


def maps_toward(model: nn.Module, side: Side, other: Vectors, *, method: str, stage: str | None = None) -> Maps:
    """The maps of one side for similarities to vectors that stay as they are (`branch_vectors`)."""
    stage = checked_stage(model, method, stage)
    with at_rest(model):
        return METHODS[method].draw(model, side, other, stage=stage)


def checked_stage(model: nn.Module, method: str, stage: str | None) -> str:
    """The stage, or the method's default for None. Raises ReseenError that lists the methods or stages there are."""
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

    Where sizes differ, smaller maps are enlarged to the largest and divided by as much, so that a total stays what it
    was
    (exactly so where one size divides the other).
    """
    size = max((tuple(of_branch.shape[1:]) for of_branch in maps), key=lambda shape: shape[0] * shape[1])
    return torch.stack([_enlarged(of_branch, size) for of_branch in maps]).sum(dim=0)


def _enlarged(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    if tuple(maps.shape[1:]) == size:
        return maps
    smaller = maps.shape[1] * maps.shape[2] / (size[0] * size[1])
    return interpolate(maps[:, None], size=size, mode="bilinear", align_corners=False)[:, 0] * smaller


def _sides(*sides: Side | Tensor) -> list[Side]:
    """Raises ReseenError unless each side has a picture of each pair."""
    made = [side if isinstance(side, Side) else Side(side) for side in sides]
    counts = [len(side.images) for side in made]
    if len(set(counts)) > 1:
        raise ReseenError(f"pairs: expected as many pictures on each side, got {' and '.join(map(str, counts))}")
    return made
