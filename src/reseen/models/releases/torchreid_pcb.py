"""torchreid's PCB by the names of this package: a ResNet of torchvision's names, a shared layer, a classifier a stripe.

``conv5.layers.0`` is the shared 1 x 1 convolution, a linear layer here; ``conv5.layers.1`` its batch norm.
"""

from collections.abc import Mapping

from torch import Tensor

from reseen.errors import ReseenError
from reseen.models.releases.accounting import exchanged, refuse_unknown, with_counters
from reseen.models.releases.released import Released

SHARED = "conv5.layers.0.weight"
RESNETS = {(2, 2, 2, 2): "resnet26", (3, 4, 6, 3): "resnet50", (3, 4, 23, 3): "resnet101"}
"""Bottlenecks a stage -> timm's name."""
_PATTERNS = (
    (r"((?:conv1|bn1|layer[1-4])\..+)", r"backbone.body.\1"),
    (r"conv5\.layers\.0\.weight", "necks.0.1.weight"),
    (r"conv5\.layers\.1\.(\w+)", r"necks.0.2.\1"),
    (r"classifier\.(\d+)\.(weight|bias)", r"classifiers.\1.\2"),
)


def is_pcb(tensors: Mapping[str, Tensor]) -> bool:
    """Whether tensors are named as torchreid's PCB."""
    return {SHARED, "layer4.0.conv1.weight"} <= tensors.keys()


def pcb_release(tensors: Mapping[str, Tensor], *, with_head: bool) -> Released:
    """The tensors of a PCB, renamed; raises ReseenError as `torchreid_release` does.

    A file without classifiers does not tell its stripes: six then, as in the paper.
    """
    ours = {exchanged(name, _PATTERNS) or name: tensor for name, tensor in tensors.items()}
    refuse_unknown([name for name in tensors if name in ours and exchanged(name, _PATTERNS) is None], release="PCB")
    classifiers = [tensor for name, tensor in ours.items() if name.startswith("classifiers.") and tensor.ndim == 2]
    ours["necks.0.1.weight"] = ours["necks.0.1.weight"].flatten(1)
    if not with_head:
        ours = {name: tensor for name, tensor in ours.items() if not name.startswith("classifiers.")}
    head = {"name": "pcb", "parts": len(classifiers) or 6, "width": len(ours["necks.0.1.weight"])}
    return Released(
        recipe="pcb-market1501",
        model={"backbone": _resnet(tensors), "last_stride": 1, "head": head},
        tensors=with_counters(ours),
        num_identities=len(classifiers[0]) if with_head and classifiers else None,
    )


def _resnet(tensors: Mapping[str, Tensor]) -> str:
    """timm's name of the ResNet with these blocks."""
    blocks = tuple(sum(f"layer{stage}.{block}.conv3.weight" in tensors for block in range(40)) for stage in range(1, 5))
    if blocks not in RESNETS:
        raise ReseenError(f"no PCB of torchreid: expected a ResNet-50, got stages of {blocks} bottlenecks")
    return RESNETS[blocks]
