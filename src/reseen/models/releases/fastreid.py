"""FastReID's checkpoints: BoT, AGW and SBS on ResNets, and MGN, in the three generations of their keys.

The neck is ``heads.bnneck`` in the zoo of v0.1.1 and ``heads.bottleneck.0`` since; the classifier
``heads.classifier.weight`` to v1.1 and ``heads.weight`` since v1.2. The zoo of v0.1.1 pools its stem with padding,
later ones with the last window cut; for some weeks of 2020 networks of the second kind were saved by names of the
first, which only ``stem_pool`` can tell.
"""

from collections.abc import Mapping
from typing import Any, Literal

from torch import Tensor

from reseen.models.releases.fastreid_keys import (
    VEHICLES,
    Rules,
    known_identities,
    non_local_counts,
    normalisation,
    renamed,
    stages_of,
)
from reseen.models.releases.fastreid_mgn import is_mgn, mgn_release
from reseen.models.releases.released import Release, Released

StemPool = Literal["ceil", "padded"]
CLASSIFIER = "classifier.weight"
HEAD: Rules = (
    (r"heads\.pool_layer\.p", "pooling.p"),
    (r"heads\.(?:bnneck|bottleneck\.0)\.(\w+)", r"neck.norm.\1"),
    (r"heads\.(?:classifier\.)?weight", CLASSIFIER),
)
NON_LOCAL = {"theta": "query", "phi": "key", "g": "value", r"W\.0": "project", r"W\.1": "norm"}


def fastreid_release(
    tensors: Mapping[str, Tensor],
    *,
    with_head: bool,
    stem_pool: StemPool | None = None,
    pooling: Literal["average", "max", "fixed_gem"] | None = None,
    last_stride: Literal[1, 2] = 1,
) -> Released:
    """The tensors of a FastReID checkpoint by our names, with the network that they tell.

    ``stem_pool``: None takes the one of the keys' generation. ``pooling``: of a file without an exponent of GeM; None
    takes what FastReID's configurations have, the fixed exponent of 3 beside non-local blocks (AGW), else the average.
    ``last_stride``: 1 in all of its configurations.

    Raises ReseenError for names that are none of FastReID's ResNets.
    """
    if is_mgn(tensors):
        return mgn_release(tensors, with_head=with_head, stem_pool=stem_pool, pooling=pooling, last_stride=last_stride)
    stages = stages_of(tensors, [f"backbone.layer{number}." for number in range(1, 5)])
    counts = non_local_counts(tensors)
    settings = {
        **stages.settings,
        "last_stride": last_stride,
        "stem_pool": stem_setting(stem_pool, old="heads.bnneck.weight" in tensors),
        "non_local": None if counts is None else list(counts),
        "pooling": _pooling(tensors, told=pooling, non_local=counts is not None),
    }
    rules = (*_non_local_rules(stages.blocks, counts or (0, 0)), (r"backbone\.(.+)", r"backbone.body.\1"), *HEAD)
    ours = renamed(_exponent_as_scalar(tensors), rules, release="FastReID")
    identities = known_identities(ours, CLASSIFIER, with_head=with_head)
    vehicles = len(ours.get(CLASSIFIER, ())) in VEHICLES
    if not with_head:
        ours.pop(CLASSIFIER, None)
    recipe = _recipe(settings["pooling"], vehicles=vehicles)
    size = (256, 256) if vehicles else None
    return Released(recipe, settings, ours, identities, image_size=size, data=normalisation(tensors))


def stem_setting(told: StemPool | None, *, old: bool) -> Literal["ceil"] | None:
    """The family's ``stem_pool``: as told, else with padding for files with the ``old`` names."""
    pool = told or ("padded" if old else "ceil")
    return "ceil" if pool == "ceil" else None


def _exponent_as_scalar(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Theirs is a vector of one number."""
    return {name: tensor.reshape(()) if name.endswith("pool_layer.p") else tensor for name, tensor in tensors.items()}


def _pooling(tensors: Mapping[str, Tensor], *, told: str | None, non_local: bool) -> str:
    if "heads.pool_layer.p" in tensors:
        return "gem"
    return told or ("fixed_gem" if non_local else "average")


def _recipe(pooling: str, *, vehicles: bool) -> str:
    """The shipped recipe that trains the nearest of FastReID's networks."""
    if pooling == "gem":
        return "fastreid-sbs-veri776" if vehicles else "fastreid-sbs-market1501"
    return "fastreid-agw-market1501" if pooling == "fixed_gem" else "fastreid-bot-market1501"


def _non_local_rules(blocks: tuple[int, ...], counts: tuple[int, int]) -> Rules:
    """``NL_2.0`` stands after the first of the last blocks of stage 2 that have one."""
    rules: list[tuple[str, str]] = []
    for stage, count in zip((2, 3), counts, strict=True):
        for number in range(count):
            place = f"backbone.body.layer{stage}.non_local{blocks[stage - 1] - count + number}"
            rules += [
                (rf"backbone\.NL_{stage}\.{number}\.{theirs}\.(\w+)", rf"{place}.{ours}.\1")
                for theirs, ours in NON_LOCAL.items()
            ]
    return rules


def _recognised(tensors: Mapping[str, Any]) -> bool:
    ours = {"heads.bnneck.weight", "heads.bottleneck.0.weight"} & tensors.keys()
    return is_mgn(tensors) or bool(ours and "backbone.conv1.weight" in tensors)


FASTREID = Release(
    fastreid_release,
    recognises=_recognised,
    reads="BoT, AGW and SBS on ResNets, with and without IBN-a, and MGN, of all versions",
    licence="Apache-2.0",
    files="github.com/JDAI-CV/fast-reid",
    expected="VeRi-776, SBS R50-ibn: 81.9 mAP, 97.0 rank-1; Market-1501, SBS R101-ibn: 90.3, 96.3, MGN: 89.8, 95.8",
)
