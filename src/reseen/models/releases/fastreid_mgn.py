"""FastReID's MGN checkpoints: a trunk with numbered children, three branches, eight heads.

Of v0.1.1 each head is pooling, reduction, norm, ReLU (``b1_pool``) and a neck (``b1_head.bnneck``); since v1.0 the
norm after the reduction is the neck (``b1_head.bottleneck``).
"""

from collections.abc import Mapping
from typing import Literal

from torch import Tensor

from reseen.models.heads.mgn import PARTS
from reseen.models.releases.fastreid_keys import (
    Rules,
    Stages,
    as_linear,
    known_identities,
    normalisation,
    renamed,
    stages_of,
)
from reseen.models.releases.released import Released

TRUNK: Rules = (
    (r"backbone\.0\.(.+)", r"backbone.body.conv1.\1"),
    (r"backbone\.1\.(.+)", r"backbone.body.bn1.\1"),
    (r"backbone\.4\.(.+)", r"backbone.body.layer1.\1"),
    (r"backbone\.5\.(.+)", r"backbone.body.layer2.\1"),
    (r"backbone\.6\.(.+)", r"backbone.body.layer3.0.\1"),
    *((rf"b{number}\.([01]\..+)", rf"parts.branches.{number - 1}.\1") for number in (1, 2, 3)),
)


def is_mgn(tensors: Mapping[str, object]) -> bool:
    """Whether a checkpoint has MGN's branches."""
    return {"backbone.0.weight", "b1.1.0.conv1.weight"} <= tensors.keys()


def mgn_release(
    tensors: Mapping[str, Tensor],
    *,
    with_head: bool,
    stem_pool: Literal["ceil", "padded"] | None,
    pooling: str | None,
    last_stride: int,
) -> Released:
    """The tensors of FastReID's MGN by our names; the options are those of the whole release."""
    old = "b1_pool.1.weight" in tensors
    exponent = f"b1_{'pool.0' if old else 'head.pool_layer'}.p"
    head = {
        "name": "mgn",
        "width": len(tensors.get("b1_pool.1.weight" if old else "b1_head.bottleneck.0.weight", ())) or 256,
        "pooling": "gem" if exponent in tensors else pooling or "average",
        "reduction": "norm_relu" if old else "linear",
    }
    pool = stem_pool or ("padded" if old else "ceil")
    settings = {
        **_stages(tensors).settings,
        "last_stride": last_stride,
        "stem_pool": "ceil" if pool == "ceil" else None,
        "non_local": None,
        "pooling": "average",
        "head": head,
    }
    ours = _shaped(renamed(tensors, (*TRUNK, *_head_rules()), release="FastReID MGN"))
    identities = known_identities(ours, "classifiers.0.weight", with_head=with_head)
    if not with_head:
        ours = {name: tensor for name, tensor in ours.items() if not name.startswith("classifiers.")}
    return Released("fastreid-mgn-market1501", settings, ours, identities, data=normalisation(tensors))


def _stages(tensors: Mapping[str, Tensor]) -> Stages:
    """The first block of stage 3 is in the trunk."""
    found = stages_of(tensors, ("backbone.4.", "backbone.5.", "b1.0.", "b1.1."))
    first, second, third, fourth = found.blocks
    return found._replace(blocks=(first, second, third + 1, fourth))


def _head_rules() -> Rules:
    rules: list[tuple[str, str]] = []
    for number, part in enumerate(PARTS):
        rules += [
            (rf"{part}_(?:pool\.0|head\.pool_layer)\.p", f"parts.pools.{number}.p"),
            (rf"{part}_(?:pool\.1|head\.bottleneck\.0)\.weight", f"parts.reductions.{number}.0.weight"),
            (rf"{part}_pool\.2\.(\w+)", rf"parts.reductions.{number}.1.\1"),
            (rf"{part}_head\.(?:bnneck|bottleneck\.1)\.(\w+)", rf"necks.{number}.norm.\1"),
            (rf"{part}_head\.(?:classifier\.)?weight", f"classifiers.{number}.weight"),
        ]
    return rules


def _shaped(ours: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Reductions as linear layers, exponents as scalars."""
    reductions = {name: tensor for name, tensor in ours.items() if name.startswith("parts.reductions.")}
    exponents = {name: tensor.reshape(()) for name, tensor in ours.items() if name.startswith("parts.pools.")}
    return {**ours, **as_linear(reductions), **exponents}
