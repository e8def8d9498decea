"""Models by name: what each is made of, in the words of a recipe's [model]."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from reseen.models.wheels import WHEEL, WHEELS


class NamedModel(NamedTuple):
    """What a name stands for.

    Attributes:
        summary: One sentence.
        settings: A recipe's [model].
        start_weights: The source of its ImageNet weights (`read_weights`); empty where none can be fetched.
    """

    summary: str
    settings: Mapping[str, Any]
    start_weights: str = "timm"

    @property
    def branches(self) -> Sequence[Mapping[str, Any]]:
        """The lines of its branches; none for a model with a single one."""
        branches: Sequence[Mapping[str, Any]] = self.settings.get("branches", ())
        return branches


# The light models are fine-tuned for minutes: their attention must not begin as noise over trained features.
_NEUTRAL = {"start": "neutral"}

# At 128 x 128 these maps have 256 and 64 positions of 40 and 112 channels: the papers' reductions leave too little.
_LIGHT_RELATION = {"name": "rga_sc", "reduction": 4, "gate_reduction": 2, **_NEUTRAL}


def _relation(name: str, words: str) -> NamedModel:
    settings = {"backbone": "resnet50.tv_in1k", "attention": {"every_stage": {"name": name}}, "last_stride": 1}
    return NamedModel(f"ResNet-50, last stride 1, with {words} attention after each stage.", settings)


def _light(line: Mapping[str, Any], words: str) -> NamedModel:
    settings = {"backbone": WHEELS[WHEEL].backbone, "attention": {"stage3": line, "stage4": line}}
    return NamedModel(f"EfficientNet-Lite0 with {words} after its third and fourth stage, for CPUs.", settings, WHEEL)


def _branched(summary: str, *kinds: str) -> NamedModel:
    """Each kind twice in a row, once for cross-entropy and once for triplet loss, as MBR's loss-branch split has it."""
    lines = [{"name": kind, "role": role} for kind in kinds for role in ("classify", "triplet")]
    return NamedModel(summary, {"backbone": "resnet50", "ibn": "a", "branches": lines}, "")


def _osnet(name: str, summary: str, *, head: str = "fc") -> NamedModel:
    return NamedModel(summary, {"backbone": name, "head": {"name": head}}, "")


MODELS: Mapping[str, NamedModel] = MappingProxyType(
    {
        "efficientnet_lite0": NamedModel(
            "EfficientNet-Lite0 with average pooling and BNNeck: 3.4 M parameters, made for CPUs.",
            {"backbone": WHEELS[WHEEL].backbone},
            WHEEL,
        ),
        "resnet50_bot": NamedModel(
            "ResNet-50 with last stride 1, average pooling and BNNeck: the strong baseline of Luo et al. (2019).",
            {"backbone": "resnet50.tv_in1k", "last_stride": 1},
        ),
        "rga_s": _relation("rga_s", "spatial relation-aware"),
        "rga_c": _relation("rga_c", "channel relation-aware"),
        "rga_sc": _relation("rga_sc", "spatial, then channel relation-aware"),
        "efficientnet_lite0_rga_sc": _light(_LIGHT_RELATION, "RGA-SC"),
        "efficientnet_lite0_lka": _light({"name": "lka", **_NEUTRAL}, "large kernel attention"),
        "efficientnet_lite0_hca": _light({"name": "hca", **_NEUTRAL}, "hybrid channel attention"),
        "osnet_x1_0": _osnet("osnet_x1_0", "OSNet, 2.2 M parameters, made for re-identification."),
        "osnet_x0_25": _osnet("osnet_x0_25", "OSNet with a quarter of the channels: 0.2 M parameters."),
        "osnet_ain_x1_0": _osnet("osnet_ain_x1_0", "OSNet with instance norms, for other data than it was trained on."),
        "lightmbn": _osnet("osnet_x1_0", "LightMBN: seven vectors of three branches on OSNet.", head="lightmbn"),
        "mbr_r50": NamedModel(
            "ResNet-50-IBN-a with one branch for both losses: the baseline of MBR.",
            {"backbone": "resnet50", "ibn": "a", "branches": [{"name": "bottleneck", "role": "both"}]},
            "",
        ),
        "mbr_4b": _branched(
            "MBR-4B: two bottleneck branches and two self-attention branches, one of each kind a loss.",
            "bottleneck",
            "bot",
        ),
        "mbr_4b_lka": _branched("MBR-4B with large kernel attention instead of self-attention.", "bottleneck", "lka"),
        "mbr_4b_hca": _branched(
            "MBR-4B with hybrid channel attention instead of its 3 x 3 convolutions.", "hca", "bot"
        ),
        "lka_reid": _branched(
            "LKA-ReID: two hybrid-channel and two large-kernel attention branches, one of each kind a loss.",
            "hca",
            "lka",
        ),
    }
)
"""Name -> what it stands for."""
