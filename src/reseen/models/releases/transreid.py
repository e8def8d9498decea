"""The checkpoints of TransReID (damo-cv): its ViT with or without side information, with JPM or without.

``base`` is the ViT by timm's names; with JPM its last block, its norm and the ImageNet classifier ``fc`` are in the
file and unused, for ``b1`` and ``b2`` are the copies of block and norm that see all patches, and parts of them.
``bottleneck`` and ``classifier`` are neck and classifier of the whole, those with a number of a part.
"""

from collections.abc import Mapping

from einops import rearrange
from torch import Tensor

from reseen.bounds import Count, NotNegative
from reseen.errors import ReseenError
from reseen.models.releases.released import Release, Released
from reseen.models.releases.transreid_architecture import architecture_of
from reseen.models.releases.transreid_names import (
    POSITIONS,
    SIDE,
    depth_of,
    renamed,
    require_whole,
    unused_names,
    with_counters,
)
from reseen.models.releases.transreid_places import Place, place_of, shift_of
from reseen.models.releases.transreid_rows import names_of, rows_of


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
    require_whole(tensors)
    jigsaw = any(name.startswith("b1.") for name in tensors)
    depth = depth_of(tensors)
    unused = unused_names(tensors, jigsaw=jigsaw, depth=depth, side=coefficient > 0)
    ours = renamed(tensors, unused=unused)
    place = place_of(ours[POSITIONS].shape[1] - 1, image_size=image_size, stride=stride)
    rows = rows_of(len(ours[SIDE]), cameras, views) if SIDE in ours else (0, 0)
    camera_names, view_names = names_of(*rows)
    head = _head(place.size, jigsaw=jigsaw, shift=shift)
    vit = architecture_of(tensors, depth=depth, heads=heads)
    return Released(
        recipe=_recipe(place.size, jigsaw=jigsaw),
        model={**vit, "stride": place.stride, "coefficient": coefficient, "head": head},
        tensors=with_counters(_headed(_placed(ours, place, views=rows[1]), with_head=with_head)),
        num_identities=len(ours["classifiers.0.weight"]) if with_head else None,
        image_size=place.size,
        camera_names=camera_names,
        view_names=view_names,
        left_out=unused,
    )


def _recipe(size: tuple[int, int], *, jigsaw: bool) -> str:
    """The shipped recipe that trains such networks: on vehicles where images are square, else on persons."""
    kind = "transreid" if jigsaw else "transreid-baseline"
    return f"{kind}-{'veri776' if size[0] == size[1] else 'market1501'}"


def _head(size: tuple[int, int], *, jigsaw: bool, shift: int | None) -> dict[str, object]:
    return {"name": "jpm", "shift": shift or shift_of(size)} if jigsaw else {"name": "class_token"}


def _placed(ours: dict[str, Tensor], place: Place, *, views: int) -> dict[str, Tensor]:
    """The tensors with positions for the image size, and the side information's rows as cameras x views."""
    placed = {**ours, POSITIONS: place.moved(ours[POSITIONS])}
    if SIDE in ours:
        placed[SIDE] = rearrange(ours[SIDE], "(c v) 1 d -> c v d", v=max(views, 1))
    return placed


def _headed(ours: dict[str, Tensor], *, with_head: bool) -> dict[str, Tensor]:
    if not with_head:
        return {name: tensor for name, tensor in ours.items() if not name.startswith("classifiers.")}
    if "classifiers.0.weight" not in ours:
        raise ReseenError("the checkpoint has no head (classifier.weight): import it without the head")
    return ours


TRANSREID = Release(
    transreid_release,
    recognises=lambda tensors: {"base.cls_token", "base.patch_embed.proj.weight"} <= tensors.keys(),
    reads="TransReID's ViT and DeiT, patches side by side or overlapping, with side information and JPM or without",
    licence="MIT",
    files="github.com/damo-cv/TransReID",
    expected="VeRi-776, ViT-B/16 with overlapping patches: 82.1 mAP, 97.4 rank-1; Market-1501: 89.0 and 95.1",
)
