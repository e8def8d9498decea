"""The checkpoints of TransReID (damo-cv): its ViT with or without side information, with JPM or without.

``base`` is the ViT by timm's names; with JPM its last block, its norm and the ImageNet classifier ``fc`` are in the
file and unused, for ``b1`` and ``b2`` are the copies of block and norm that see all patches, and parts of them.
``bottleneck`` and ``classifier`` are neck and classifier of the whole, those with a number of a part.
"""

import re
from collections.abc import Iterable, Mapping

import torch
from einops import rearrange
from torch import Tensor

from reseen.backbones.transreid import NETWORKS
from reseen.bounds import Count, NotNegative
from reseen.errors import ReseenError
from reseen.models.releases.released import Release, Released
from reseen.models.releases.transreid_places import place_of, shift_of
from reseen.models.releases.transreid_rows import names_of, rows_of

PARTS = 4
HEAD_DIM = 64
_RENAMED = (
    (re.compile(r"base\.((?:cls_token|pos_embed)|(?:patch_embed|blocks|norm)\..+)"), r"backbone.body.\1"),
    (re.compile(r"base\.sie_embed"), "backbone.body.side.table"),
    (re.compile(r"b1\.([01]\..+)"), r"parts.whole.\1"),
    (re.compile(r"b2\.([01]\..+)"), r"parts.part.\1"),
    (re.compile(r"bottleneck\.(.+)"), r"necks.0.norm.\1"),
    (re.compile(rf"bottleneck_([1-{PARTS}])\.(.+)"), r"necks.\1.norm.\2"),
    (re.compile(r"classifier\.(weight)"), r"classifiers.0.\1"),
    (re.compile(rf"classifier_([1-{PARTS}])\.(weight)"), r"classifiers.\1.\2"),
)
_SIDE = "backbone.body.side.table"
_POSITIONS = "backbone.body.pos_embed"


def transreid_release(  # noqa: PLR0913 - its options are those of the command
    tensors: Mapping[str, Tensor],
    *,
    with_head: bool,
    image_size: tuple[int, int] | None,
    cameras: int | None = None,
    views: int | None = None,
    shift: Count | None = None,
    coefficient: NotNegative = 3.0,
    stride: Count | None = None,
    heads: Count | None = None,
) -> Released:
    """The tensors of a checkpoint of TransReID, renamed.

    Its options, where names and shapes do not tell: ``cameras`` and ``views`` say how the rows of the side information
    are numbered, row = camera * views + view (20 x 8 for 160 rows, cameras alone for 6 and 15; 0 for none).
    ``coefficient`` is the side information's; 0 leaves it out. ``shift`` is JPM's: 8 for square images, 5 for those
    twice as high as wide. ``stride`` of the patches and image size follow from the number of positions where only one
    of the release's fits. ``heads`` of the attention are those of the network that is so wide.

    Raises ReseenError for names that are not this release's, and for each option that is needed and not given.
    """
    _refuse_strange(tensors)
    _require(tensors, ("base.cls_token", "base.pos_embed", "base.patch_embed.proj.weight", "base.norm.weight"))
    jigsaw = any(name.startswith("b1.") for name in tensors)
    depth = _depth(tensors)
    unused = [name for name in tensors if _is_unused(name, jigsaw=jigsaw, depth=depth, side=coefficient > 0)]
    ours = dict(_renamed(name, tensor) for name, tensor in tensors.items() if name not in unused)
    place = place_of(ours[_POSITIONS].shape[1] - 1, image_size=image_size, stride=stride)
    ours[_POSITIONS] = place.moved(ours[_POSITIONS])
    rows = rows_of(len(ours[_SIDE]), cameras, views) if _SIDE in ours else (0, 0)
    if _SIDE in ours:
        ours[_SIDE] = rearrange(ours[_SIDE], "(c v) 1 d -> c v d", v=max(rows[1], 1))
    head = {"name": "jpm", "shift": shift or shift_of(place.size)} if jigsaw else {"name": "class_token"}
    kind = "transreid" if jigsaw else "transreid-baseline"
    names = names_of(*rows)
    return Released(
        recipe=f"{kind}-{'veri776' if place.size[0] == place.size[1] else 'market1501'}",
        model={
            **_architecture(tensors, depth, heads),
            "stride": place.stride,
            "coefficient": coefficient,
            "head": head,
        },
        tensors=_with_counters(_headed(ours, with_head=with_head)),
        num_identities=len(ours["classifiers.0.weight"]) if with_head else None,
        image_size=place.size,
        camera_names=names[0],
        view_names=names[1],
        left_out=unused,
    )


def _architecture(tensors: Mapping[str, Tensor], depth: int, heads: int | None) -> dict[str, object]:
    """The [model] lines of the ViT: the name of a network of this width, and what differs."""
    width = tensors["base.cls_token"].shape[-1]
    biased = "base.blocks.0.attn.qkv.bias" in tensors
    hidden = len(tensors["base.blocks.0.mlp.fc1.weight"])
    alike = {
        name: named.architecture
        for name, named in NETWORKS.items()
        if (named.architecture.qkv_bias, int(named.architecture.mlp_ratio * width)) == (biased, hidden)
    }
    if not alike:
        raise ReseenError(
            f"no ViT by name has {hidden} hidden channels for {width}, {'a' if biased else 'no'} bias of qkv"
        )
    name = next((name for name, known in alike.items() if known.width == width), next(iter(alike)))
    known = alike[name]
    if known.width != width and heads is None and width % HEAD_DIM:
        raise ReseenError(f"no ViT by name is {width} wide: say into how many heads by the option heads")
    default = known.heads if known.width == width else width // HEAD_DIM
    said = {"width": (width, known.width), "depth": (depth, known.depth), "heads": (heads or default, known.heads)}
    return {"backbone": name, **{setting: value for setting, (value, usual) in said.items() if value != usual}}


def _depth(tensors: Mapping[str, Tensor]) -> int:
    numbers = {int(found[1]) for name in tensors if (found := re.match(r"base\.blocks\.(\d+)\.", name))}
    if numbers != set(range(len(numbers))) or not numbers:
        raise ReseenError(f"no whole TransReID checkpoint: its blocks are numbered {sorted(numbers)}")
    return len(numbers)


def _is_unused(name: str, *, jigsaw: bool, depth: int, side: bool) -> bool:
    last = (f"base.blocks.{depth - 1}.", "base.norm.") if jigsaw else ()
    return name.startswith(("base.fc.", *last)) or (name == "base.sie_embed" and not side)


def _renamed(name: str, tensor: Tensor) -> tuple[str, Tensor]:
    for pattern, ours in _RENAMED:
        if pattern.fullmatch(name):
            return pattern.sub(ours, name), tensor
    raise AssertionError(f"{name} has been checked")


def _refuse_strange(tensors: Mapping[str, Tensor]) -> None:
    known = (*(pattern for pattern, _ in _RENAMED), re.compile(r"base\.fc\.(weight|bias)"))
    strange = [name for name in tensors if not any(pattern.fullmatch(name) for pattern in known)]
    if strange:
        raise ReseenError(f"no TransReID checkpoint: {len(strange)} names unknown to it ({', '.join(strange[:3])})")


def _require(tensors: Mapping[str, Tensor], names: Iterable[str]) -> None:
    missing = [name for name in (*names, "base.blocks.0.mlp.fc1.weight") if name not in tensors]
    if missing:
        raise ReseenError(f"no whole TransReID checkpoint: {len(missing)} missing ({', '.join(missing[:3])})")


def _headed(ours: dict[str, Tensor], *, with_head: bool) -> dict[str, Tensor]:
    if not with_head:
        return {name: tensor for name, tensor in ours.items() if not name.startswith("classifiers.")}
    if "classifiers.0.weight" not in ours:
        raise ReseenError("the checkpoint has no head (classifier.weight): import it without the head")
    return ours


def _with_counters(ours: dict[str, Tensor]) -> dict[str, Tensor]:
    """Batch norms of files from before torch 0.4.1 lack their counters, which nothing here uses."""
    norms = [name.removesuffix("running_mean") for name in ours if name.endswith(".running_mean")]
    return {**{f"{norm}num_batches_tracked": torch.tensor(0) for norm in norms}, **ours}


TRANSREID = Release(
    transreid_release,
    recognises=lambda tensors: {"base.cls_token", "base.patch_embed.proj.weight"} <= tensors.keys(),
    reads="TransReID's ViT and DeiT, patches side by side or overlapping, with side information and JPM or without",
    licence="MIT",
    files="github.com/damo-cv/TransReID",
    expected="VeRi-776, ViT-B/16 with overlapping patches: 82.1 mAP, 97.4 rank-1; Market-1501: 89.0 and 95.1",
)
