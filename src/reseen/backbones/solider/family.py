"""The family of SOLIDER's Swin transformers: three sizes, and the semantic weight as an option."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, NamedTuple, TypeAlias

from annotated_types import Gt, MultipleOf
from torch import Tensor, nn

from reseen.backbones.backbone import Backbone
from reseen.backbones.family import Family
from reseen.backbones.solider.swin import Swin
from reseen.backbones.solider.windows import HEAD_CHANNELS
from reseen.bounds import Count, Share, Triple

HALF: tuple[Triple, Triple] = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""The mean and std of all its weights."""


INDEX = "relative_position_index"
"""The public name of what `reseen.backbones.solider.windows.relative_positions` computes."""

Width: TypeAlias = Annotated[int, Gt(0), MultipleOf(HEAD_CHANNELS)]


class SwinSize(NamedTuple):
    """Channels of the first stage, and blocks a stage."""

    width: int
    depths: tuple[int, ...]


SIZES: Mapping[str, SwinSize] = MappingProxyType(
    {
        "solider_swin_tiny": SwinSize(96, (2, 2, 6, 2)),
        "solider_swin_small": SwinSize(96, (2, 2, 18, 2)),
        "solider_swin_base": SwinSize(128, (2, 2, 18, 2)),
    }
)


class SwinBackbone(Backbone):
    """A Swin of SOLIDER, which begins with the tensors of its pre-training by their own names."""

    def start_tensors(self, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Without those that its map does not use: norms of earlier stages, indices, the last semantic embedding."""
        whole = {name.removeprefix("backbone.").removeprefix("base."): tensor for name, tensor in tensors.items()}
        return {name: tensor for name, tensor in whole.items() if not unused(name)}


def swin(
    *,
    name: str,
    semantic_weight: Share = 0.2,
    drop_path: Share = 0.1,
    width: Width | None = None,
    depths: list[Count] | None = None,
) -> nn.Module:
    """The Swin ``name``.

    ``semantic_weight``: between appearance (0) and parts of the body (1); the authors' commands for re-identification
    say 0.2. ``drop_path``: of the last block in training; earlier ones less, linearly. ``width``, ``depths``: another
    number of channels in the first stage, and of blocks in each, than the name's.
    """
    size = SIZES[name]
    return Swin(
        width=width or size.width,
        depths=depths or size.depths,
        semantic_weight=semantic_weight,
        drop_path=drop_path,
    )


def unused(name: str) -> bool:
    """Whether a tensor by this public name has no part in the map of the last stage, or is no parameter."""
    parts = name.split(".")
    earlier = parts[0] in {"norm0", "norm1", "norm2"}
    return earlier or parts[:2] in (["semantic_embed_w", "3"], ["semantic_embed_b", "3"]) or parts[-1] == INDEX


SOLIDER = Family(
    "SOLIDER Swin",
    build=swin,
    owns=SIZES.__contains__,
    backbone=SwinBackbone,
    slots=(),
    normalisation=lambda _, source: None if source == "none" else HALF,
)
