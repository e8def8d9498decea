"""The checkpoints of LightMBN, by the names of this package.

``backone`` is OSNet as far as the first block of its second stage, its parts numbered; ``global_branch``,
``partial_branch`` and ``channel_branch`` are the rest; ``reduction_N`` holds a 1 x 1 convolution (a linear layer here),
a batch norm and a classifier, ``reduction_ch_N`` the latter two, ``shared`` the layer of both halves of the channels.
"""

import re
from collections.abc import Mapping

from torch import Tensor

from reseen.backbones.osnet import WIDTHS, our_name
from reseen.errors import ReseenError
from reseen.models.releases.accounting import exchanged, refuse_unknown, with_counters
from reseen.models.releases.released import Release, Released

_TO_OSNET = (
    (r"backone\.0\.(.+)", r"conv1.\1"),
    (r"backone\.2\.(.+)", r"conv2.\1"),
    (r"backone\.3\.(.+)", r"conv3.0.\1"),
)
_BRANCH_TO_OSNET = (
    (r"0\.[12]\.0\.(.+)", r"conv3.2.0.\1"),
    (r"0\.[01]\.([a-zA-Z].+)", r"conv3.1.\1"),
    (r"1\.([01])\.(.+)", r"conv4.\1.\2"),
    (r"2\.(.+)", r"conv5.\1"),
)
_BRANCHES = {"global_branch": "global_branch", "partial_branch": "striped_branch", "channel_branch": "channel_branch"}
_BOTTLENECK = "batch_drop_block.drop_batch_bottleneck."
_ORDER = {"0": 0, "4": 1, "1": 2, "2": 3, "3": 4, "ch_0": 5, "ch_1": 6}
"""A reduction of the release -> the part's number in the embedding."""
_CONVOLUTION, _CLASSIFIER = 4, 2
"""Axes of their weights."""


def lightmbn_release(tensors: Mapping[str, Tensor], *, with_head: bool) -> Released:
    """The tensors of a LightMBN, renamed.

    Raises ReseenError for names that it has not got, and for parts that lack.
    """
    if not is_lightmbn(tensors):
        raise ReseenError("no LightMBN checkpoint: expected backone.0.conv.weight")
    named = {name: _our_name(name, tensor) for name, tensor in tensors.items()}
    refuse_unknown([name for name, ours in named.items() if ours is None], release="LightMBN")
    ours = {name: tensors[theirs] for theirs, name in named.items() if name is not None}
    ours = {name: tensor.flatten(1) if _was_a_convolution(name) else tensor for name, tensor in ours.items()}
    classifier = ours.get("classifiers.0.weight") if with_head else None
    if not with_head:
        ours = {name: tensor for name, tensor in ours.items() if not name.startswith("classifiers.")}
    if lacking := [part for part in _needed() if part not in ours]:
        raise ReseenError(f"no whole LightMBN checkpoint: {len(lacking)} parts are missing ({', '.join(lacking[:3])})")
    return Released(
        recipe="lightmbn-market1501",
        model={"backbone": _osnet(tensors), "head": {"name": "lightmbn", "width": len(ours["necks.0.norm.weight"])}},
        tensors=with_counters(ours),
        num_identities=None if classifier is None else len(classifier),
    )


def is_lightmbn(tensors: Mapping[str, Tensor]) -> bool:
    """Whether tensors are named as LightMBN's."""
    return "backone.0.conv.weight" in tensors


def _osnet(tensors: Mapping[str, Tensor]) -> str:
    stem = len(tensors["backone.0.conv.weight"])
    name = next((f"osnet_{width}" for width, widths in WIDTHS.items() if widths[0] == stem), None)
    if name is None:
        raise ReseenError(f"no LightMBN checkpoint: an OSNet that begins with {stem} channels is unknown")
    return name


def _our_name(name: str, tensor: Tensor) -> str | None:
    """The name in the embedder of a tensor of the release; None for one that it has not got."""
    if (trunk := exchanged(name, _TO_OSNET)) is not None:
        return _prefixed("backbone.body.", our_name(trunk))
    if name.startswith(_BOTTLENECK):
        inner = our_name(f"conv2.0.{name.removeprefix(_BOTTLENECK)}")
        return None if inner is None else inner.replace("stage1.block1.", "parts.bottleneck.")
    if found := re.fullmatch(r"(\w+_branch)\.(.+)", name):
        inner = exchanged(found[2], _BRANCH_TO_OSNET)
        known = None if inner is None or found[1] not in _BRANCHES else our_name(inner)
        return _prefixed(f"parts.{_BRANCHES.get(found[1])}.", known)
    if found := re.fullmatch(r"shared\.([01])\.(\w+)", name):
        return f"parts.shared.{found[1]}.{found[2]}"
    return _in_a_reduction(name, tensor)


def _in_a_reduction(name: str, tensor: Tensor) -> str | None:
    """Told by its shape: a reduction has one convolution, one classifier and one norm."""
    found = re.fullmatch(r"reduction_(\d|ch_\d)\.(?:\w+\.)*(\w+)", name)
    if found is None or found[1] not in _ORDER:
        return None
    part = _ORDER[found[1]]
    if tensor.ndim == _CONVOLUTION:
        return f"parts.reductions.{part}.weight"
    return f"classifiers.{part}.weight" if tensor.ndim == _CLASSIFIER else f"necks.{part}.norm.{found[2]}"


def _prefixed(prefix: str, name: str | None) -> str | None:
    return None if name is None else prefix + name


def _was_a_convolution(name: str) -> bool:
    return name == "parts.shared.0.weight" or name.startswith("parts.reductions.")


def _needed() -> list[str]:
    """What tells that no part of the head lacks."""
    return [f"necks.{part}.norm.running_mean" for part in _ORDER.values()]


LIGHTMBN = Release(
    lightmbn_release,
    recognises=is_lightmbn,
    reads="LightMBN on OSNet (lmbn_n)",
    licence="MIT",
    files="github.com/jixunbo/LightMBN",
    expected="Market-1501, with the flip test: 91.5 mAP, 96.3 rank-1",
)
