"""The checkpoints of torchreid's model zoo, by the names of this package: OSNet, its vehicle networks, and PCB.

The body of OSNet is renamed in `reseen.backbones.osnet`. Its head is ``fc.0`` (linear), ``fc.1`` (batch norm) and
``classifier``; the vehicle networks number them: ``fc.0.0``, ``fc.0.1`` without a ReLU after it, and ``classifier.0``,
whose logits are cosines where it has no bias.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from reseen.backbones.osnet import described, is_osnet, our_name, renamed
from reseen.errors import ReseenError
from reseen.models.releases.accounting import exchanged, refuse_unknown, with_counters
from reseen.models.releases.released import Release, Released
from reseen.models.releases.torchreid_pcb import is_pcb, pcb_release

_HEAD = (
    (r"fc\.([01])\.(\w+)", r"necks.0.\1.\2"),
    (r"fc\.0\.([01])\.(\w+)", r"necks.0.\1.\2"),
    (r"classifier\.(?:0\.)?(weight|bias)", r"classifiers.0.\1"),
)


def torchreid_release(tensors: Mapping[str, Tensor], *, with_head: bool) -> Released:
    """The tensors of a checkpoint of torchreid, renamed; the network is read from their names and shapes.

    Where the head is the vehicle networks', the image size is that of OpenVINO's vehicle-reid-0001, 208 x 208.

    Raises ReseenError for a network that is none of torchreid's, a part that lacks, and names that it has not got.
    """
    return pcb_release(tensors, with_head=with_head) if is_pcb(tensors) else _osnet(tensors, with_head=with_head)


def _osnet(tensors: Mapping[str, Tensor], *, with_head: bool) -> Released:
    network = described(tensors) if is_osnet(tensors) else None
    if network is None:
        raise ReseenError("no torchreid checkpoint: expected PCB or an OSNet of a known width")
    head = {name: known for name in tensors if (known := exchanged(name, _HEAD)) is not None}
    refuse_unknown([name for name in tensors if name not in head and our_name(name) is None], release="torchreid")
    ours = {name: tensors[theirs] for theirs, name in head.items()}
    settings, numbered = _head(ours), "fc.0.0.weight" in tensors
    classifier = ours.get("classifiers.0.weight") if with_head else None
    if settings["classifier"] == "cosine" and classifier is not None:
        ours["classifiers.0.weight"] = classifier = classifier.T
    if not with_head:
        ours = {name: tensor for name, tensor in ours.items() if not name.startswith("classifiers.")}
    body = {f"backbone.body.{name}": tensor for name, tensor in renamed(tensors).items()}
    return Released(
        recipe=_recipe(network.name),
        model={"backbone": network.name, **network.options, "head": {**settings, "relu": not numbered}},
        tensors=with_counters({**body, **ours}),
        num_identities=None if classifier is None else len(classifier),
        image_size=(208, 208) if numbered else None,
    )


def _head(ours: Mapping[str, Tensor]) -> dict[str, Any]:
    """The settings of the head that has these tensors."""
    if "necks.0.0.weight" not in ours:
        raise ReseenError("no whole torchreid checkpoint: its head's fc is missing")
    cosine = "classifiers.0.weight" in ours and "classifiers.0.bias" not in ours
    return {
        "name": "fc",
        "width": len(ours["necks.0.0.weight"]),
        "classifier": "cosine" if cosine else "linear",
    }


def _recipe(network: str) -> str:
    """The recipe that trains it, or one that trains a network like it."""
    if "_ain_" in network:
        return "osnet-ain-x1-0-msmt17"
    return "osnet-x0-25-market1501" if network.endswith("x0_25") else "osnet-x1-0-market1501"


TORCHREID = Release(
    torchreid_release,
    recognises=lambda tensors: is_osnet(tensors) or is_pcb(tensors),
    reads="OSNet of every width, plain, IBN and AIN, its vehicle networks, and PCB on ResNet-50",
    licence="MIT",
    files="kaiyangzhou.github.io/deep-person-reid/MODEL_ZOO",
    expected="Market-1501, osnet_x1_0: 82.6 mAP, 94.2 rank-1; MSMT17: 43.8 and 74.9",
    distance="euclidean",
)
