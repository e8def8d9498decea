"""MBR-4B and LKA-ReID by name: ResNet-50-IBN-a to its third stage, and the branches of each row of Table II.

Branches alternate between cross-entropy and triplet loss, as MBR's loss-branch split has it.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Required, TypedDict, Unpack

from reseen.backbones import build_backbone
from reseen.errors import ReseenError
from reseen.models.assemble import BranchLine, MetadataLine, multi_branch
from reseen.models.multibranch import MultiBranchEmbedder


def split_by_loss(*kinds: str) -> tuple[BranchLine, ...]:
    """Each kind twice in a row: once for cross-entropy, once for triplet loss."""
    return tuple(BranchLine(kind, role) for kind in kinds for role in ("classify", "triplet"))


LINES: Mapping[str, tuple[BranchLine, ...]] = MappingProxyType(
    {
        "mbr_r50": (BranchLine("bottleneck", "both"),),
        "mbr_4b": split_by_loss("bottleneck", "bot"),
        "mbr_4b_lka": split_by_loss("bottleneck", "lka"),
        "mbr_4b_hca": split_by_loss("hca", "bot"),
        "lka_reid": split_by_loss("hca", "lka"),
    }
)
"""Name -> its branches."""


class Shape(TypedDict, total=False):
    """What a model by name is built for; ``cameras`` and ``views`` above 0 give it that metadata."""

    num_identities: Required[int | None]
    image_size: Required[tuple[int, int]]
    pretrained: bool
    cameras: int
    views: int


def mbr_r50(**shape: Unpack[Shape]) -> MultiBranchEmbedder:
    """ResNet-50-IBN-a with one branch for both losses: the baseline of MBR."""
    return _build("mbr_r50", **shape)


def mbr_4b(**shape: Unpack[Shape]) -> MultiBranchEmbedder:
    """MBR-4B: two bottleneck branches and two self-attention branches, one of each kind a loss."""
    return _build("mbr_4b", **shape)


def mbr_4b_lka(**shape: Unpack[Shape]) -> MultiBranchEmbedder:
    """MBR-4B with large kernel attention instead of self-attention."""
    return _build("mbr_4b_lka", **shape)


def mbr_4b_hca(**shape: Unpack[Shape]) -> MultiBranchEmbedder:
    """MBR-4B with hybrid channel attention instead of its 3 x 3 convolutions."""
    return _build("mbr_4b_hca", **shape)


def lka_reid(**shape: Unpack[Shape]) -> MultiBranchEmbedder:
    """LKA-ReID: two hybrid-channel and two large-kernel attention branches, one of each kind a loss."""
    return _build("lka_reid", **shape)


def _build(
    name: str,
    *,
    num_identities: int | None,
    image_size: tuple[int, int],
    pretrained: bool = False,
    cameras: int = 0,
    views: int = 0,
) -> MultiBranchEmbedder:
    if pretrained:
        raise ReseenError(
            f"no ImageNet weights for '{name}' can be fetched: timm has none for ResNet-50-IBN-a; "
            "give a recipe the file that IBN-Net's authors publish"
        )
    backbone = build_backbone("resnet50", image_size=image_size, ibn="a")
    metadata = MetadataLine(_numbers(cameras), _numbers(views)) if cameras or views else None
    return multi_branch(backbone, LINES[name], num_identities=num_identities, metadata=metadata)


def _numbers(count: int) -> Sequence[str]:
    return tuple(str(number) for number in range(count))


MULTI_BRANCH: Mapping[str, Callable[..., MultiBranchEmbedder]] = MappingProxyType(
    {"mbr_r50": mbr_r50, "mbr_4b": mbr_4b, "mbr_4b_lka": mbr_4b_lka, "mbr_4b_hca": mbr_4b_hca, "lka_reid": lka_reid}
)
