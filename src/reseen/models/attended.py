"""Single-branch models with attention after their stages: RGA's, and light ones for CPUs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Literal, TypedDict, Unpack

from reseen.attention import ATTENTIONS
from reseen.backbones import build_backbone
from reseen.models.embedder import SingleBranchEmbedder, single_branch
from reseen.models.sources import WHEEL, WHEEL_BACKBONE, read_weights
from reseen.models.weights import load_weights


@dataclass(frozen=True)
class AttentionLine:
    """An attention's name in ``ATTENTIONS`` and its settings."""

    name: str
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class AttendedLines:
    """A backbone and the attention in its slots."""

    backbone: str
    attention: Mapping[str, AttentionLine]
    last_stride: Literal[1, 2] | None = None


def _resnet(name: str) -> AttendedLines:
    return AttendedLines("resnet50.tv_in1k", {"every_stage": AttentionLine(name)}, last_stride=1)


def _light(line: AttentionLine) -> AttendedLines:
    return AttendedLines(WHEEL_BACKBONE, {"stage3": line, "stage4": line})


# The light models are fine-tuned for minutes: their attention must not begin as noise over trained features.
NEUTRAL: Mapping[str, object] = MappingProxyType({"start": "neutral"})

# At 128 x 128 these maps have 256 and 64 positions of 40 and 112 channels: the papers' reductions leave too little.
LIGHT_RELATION = AttentionLine("rga_sc", {"reduction": 4, "gate_reduction": 2, **NEUTRAL})

LINES: Mapping[str, AttendedLines] = MappingProxyType(
    {
        "rga_s": _resnet("rga_s"),
        "rga_c": _resnet("rga_c"),
        "rga_sc": _resnet("rga_sc"),
        "efficientnet_lite0_rga_sc": _light(LIGHT_RELATION),
        "efficientnet_lite0_lka": _light(AttentionLine("lka", NEUTRAL)),
        "efficientnet_lite0_hca": _light(AttentionLine("hca", NEUTRAL)),
    }
)
"""Name of a model -> what it is made of."""


class Shape(TypedDict):
    """What every model by name is asked for."""

    num_identities: int | None
    image_size: tuple[int, int]
    pretrained: bool


def rga_s(**shape: Unpack[Shape]) -> SingleBranchEmbedder:
    """ResNet-50, last stride 1, with spatial relation-aware attention after each stage (RGA-S)."""
    return _build("rga_s", **shape)


def rga_c(**shape: Unpack[Shape]) -> SingleBranchEmbedder:
    """ResNet-50, last stride 1, with channel relation-aware attention after each stage (RGA-C)."""
    return _build("rga_c", **shape)


def rga_sc(**shape: Unpack[Shape]) -> SingleBranchEmbedder:
    """ResNet-50, last stride 1, with spatial, then channel relation-aware attention after each stage (RGA-SC)."""
    return _build("rga_sc", **shape)


def efficientnet_lite0_rga_sc(**shape: Unpack[Shape]) -> SingleBranchEmbedder:
    """EfficientNet-Lite0 with RGA-SC after its third and fourth stage, for CPUs."""
    return _build("efficientnet_lite0_rga_sc", **shape)


def efficientnet_lite0_lka(**shape: Unpack[Shape]) -> SingleBranchEmbedder:
    """EfficientNet-Lite0 with large kernel attention after its third and fourth stage, for CPUs."""
    return _build("efficientnet_lite0_lka", **shape)


def efficientnet_lite0_hca(**shape: Unpack[Shape]) -> SingleBranchEmbedder:
    """EfficientNet-Lite0 with hybrid channel attention after its third and fourth stage, for CPUs."""
    return _build("efficientnet_lite0_hca", **shape)


def _build(
    name: str, *, num_identities: int | None, image_size: tuple[int, int], pretrained: bool
) -> SingleBranchEmbedder:
    lines = LINES[name]
    attention = {slot: partial(ATTENTIONS[line.name], **line.settings) for slot, line in lines.attention.items()}
    from_wheel = lines.backbone == WHEEL_BACKBONE
    backbone = build_backbone(
        lines.backbone,
        image_size=image_size,
        last_stride=lines.last_stride,
        attention=attention,
        pretrained=pretrained and not from_wheel,
    )
    if pretrained and from_wheel:
        without = tuple(f"{slot}.*" for slot in backbone.slots)
        load_weights(backbone.body, read_weights(WHEEL, backbone=WHEEL_BACKBONE).tensors, expect_missing=without)
    return single_branch(backbone, num_identities=num_identities)


ATTENDED: Mapping[str, Callable[..., SingleBranchEmbedder]] = MappingProxyType(
    {
        "rga_s": rga_s,
        "rga_c": rga_c,
        "rga_sc": rga_sc,
        "efficientnet_lite0_rga_sc": efficientnet_lite0_rga_sc,
        "efficientnet_lite0_lka": efficientnet_lite0_lka,
        "efficientnet_lite0_hca": efficientnet_lite0_hca,
    }
)
"""Name -> factory(*, num_identities, image_size, pretrained)."""
