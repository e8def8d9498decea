"""HRCN's checkpoints, which are of a fork of FastReID: a ResNet-50 with IBN-a and a head over its blocks.

The head's 1 x 1 convolutions over single vectors are linear layers here, and its graphs' weights are transposed.
"""

import re
from collections.abc import Mapping

from torch import Tensor

from reseen.models.releases.accounting import exchanged, refuse_unknown, with_counters
from reseen.models.releases.fastreid_keys import PIXELS, normalisation
from reseen.models.releases.released import Release, Released

CLASSIFIER = "classifiers.0.weight"
RENAMED = (
    (r"backbone\.(.+)", r"backbone.body.\1"),
    (r"heads\.align_multilevel_layers\.(\d)\.(\d)\.(.+)", r"parts.stages.\1.\2.align.\3"),
    (r"heads\.multilevel_bns\.(\d)\.(\d)\.(.+)", r"parts.stages.\1.\2.norm.\3"),
    (r"heads\.align_lower_layers\.(.+)", r"parts.below.\1"),
    (r"heads\.align_part_layers\.(\d)\.(.+)", r"parts.regions.\1.align.\2"),
    (r"heads\.part_bns\.(\d)\.(.+)", r"parts.regions.\1.norm.\2"),
    (r"heads\.gcn_weight_1\.(\d)", r"parts.graphs.\1.layers.0.weight"),
    (r"heads\.gcn_weight_2\.(\d)", r"parts.graphs.\1.layers.1.weight"),
    (r"heads\.gcn_bias_1\.(\d)", r"parts.graphs.\1.layers.0.bias"),
    (r"heads\.gcn_bias_2\.(\d)", r"parts.graphs.\1.layers.1.bias"),
    (r"heads\.gcn_bn_1\.(\d)\.(.+)", r"parts.graphs.\1.norms.0.\2"),
    (r"heads\.gcn_bn_2\.(\d)\.(.+)", r"parts.graphs.\1.norms.1.\2"),
    (r"heads\.feat_layers\.(.+)", r"parts.reductions.\1"),
    (r"heads\.last_bn\.(.+)", r"necks.0.norm.\1"),
    (r"heads\.global_classifier\.weight", CLASSIFIER),
)


def hrcn_release(tensors: Mapping[str, Tensor], *, with_head: bool) -> Released:
    """The tensors of an HRCN checkpoint by our names.

    Raises ReseenError for names that no HRCN has.
    """
    names = {name: exchanged(name, RENAMED) for name in tensors if name not in PIXELS}
    refuse_unknown([name for name, ours in names.items() if ours is None], release="HRCN")
    ours = {new: _shaped(new, tensors[name]) for name, new in names.items() if new is not None}
    identities = len(ours[CLASSIFIER]) if with_head and CLASSIFIER in ours else None
    if not with_head:
        ours.pop(CLASSIFIER, None)
    width = ours.get("parts.graphs.3.layers.0.bias")
    head = {"name": "hrcn", "width": 1024 if width is None else len(width)}
    return Released("hrcn-veri776", {"head": head}, with_counters(ours), identities, data=normalisation(tensors))


def _shaped(name: str, tensor: Tensor) -> Tensor:
    if re.fullmatch(r"parts\.graphs\.\d\.layers\.\d\.weight", name):
        return tensor.T.contiguous()
    return tensor.flatten(1) if re.fullmatch(r"parts\.(below|reductions)\.\d\.0\.weight", name) else tensor


HRCN = Release(
    hrcn_release,
    recognises=lambda tensors: "heads.global_classifier.weight" in tensors or "heads.gcn_weight_1.0" in tensors,
    reads="HRCN on ResNet-50-IBN-a",
    licence="none stated",
    files="github.com/iCVTEAM/HRCN",
    expected="VeRi-776: 83.1 mAP, 97.3 rank-1",
)
