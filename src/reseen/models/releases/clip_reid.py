"""The released CLIP-ReID checkpoints, by the names of this package.

``image_encoder`` is CLIP's, ``cv_embed`` the embedding of cameras and views, ``bottleneck`` and ``classifier`` stand on
the encoder's vector, those with ``_proj`` on the projected one. ``prompt_learner`` and ``text_encoder`` taught it, and
have no part in the network that embeds images.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import Tensor

from reseen.backbones.clip_names import EncoderTensors, resnet_tensors, vit_tensors
from reseen.backbones.clip_vit import PATCH, positions_for
from reseen.backbones.overlapping import patch_grid
from reseen.bounds import Count, NotNegative
from reseen.errors import ReseenError
from reseen.models.releases.clip_reid_side import (
    NO_SIDE,
    Side,
    refuse_side_options,
    side_of,
    with_single_row,
)
from reseen.models.releases.clip_reid_sizes import SIZES, resnet_size, size_and_stride
from reseen.models.releases.released import Release, Released

PREFIX = "image_encoder."
TEACHERS = ("prompt_learner.", "text_encoder.")
HEAD = {"bottleneck": "necks.0.norm", "bottleneck_proj": "necks.1.norm"}
CLASSIFIERS = {"classifier.weight": "classifiers.0.weight", "classifier_proj.weight": "classifiers.1.weight"}
_NECK = re.compile(r"(bottleneck(?:_proj)?)\.(weight|bias|running_mean|running_var|num_batches_tracked)")


class _Encoder(NamedTuple):
    """An image encoder as we build it: the recipe, its settings of [model] and the tensors of its body."""

    recipe: str
    settings: Mapping[str, object]
    body: Mapping[str, Tensor]
    size: tuple[int, int]
    side: Side


def clip_reid(
    tensors: Mapping[str, Tensor],
    *,
    with_head: bool,
    image_size: tuple[int, int] | None,
    cameras: Count | None = None,
    views: Count | None = None,
    coefficient: NotNegative | None = None,
    resample: bool = False,
) -> Released:
    """The tensors of a released CLIP-ReID checkpoint, renamed; those that taught it are left out.

    ``coefficient`` is asked for where there is an embedding of cameras: the authors' commands train with 1.0, their
    configuration says 3.0, and the file does not hold it. ``resample``: the positional embedding is resampled to
    ``image_size`` from the size that it was trained at.

    Raises ReseenError for names that no release has, parts that lack, and options that are needed or do not fit.
    """
    encoder = {name.removeprefix(PREFIX): tensor for name, tensor in tensors.items() if name.startswith(PREFIX)}
    is_vit = _is_vit(encoder)
    renamed = vit_tensors(encoder) if is_vit else resnet_tensors(encoder)
    left_out = [name for name in tensors if name.startswith(TEACHERS)]
    head = _head(tensors, with_head=with_head)
    _refuse_unknown(tensors, renamed, left_out)
    if is_vit:
        vit = _vit(renamed.body, image_size, resample=resample)
        rows = tensors.get("cv_embed")
        built = _with_side(vit, side_of(rows, cameras=cameras, views=views, coefficient=coefficient))
    else:
        refuse_side_options(cameras, views)
        left_out += [name for name in tensors if name == "cv_embed"]  # its forward never reads it
        built = _resnet(renamed, image_size)
    side = built.side
    return Released(
        recipe=built.recipe,
        model={**built.settings, **side.model},
        tensors={**_placed(built.body, renamed.head), **side.tensors, **head},
        num_identities=_identities(tensors) if with_head else None,
        image_size=built.size,
        camera_names=side.camera_names,
        view_names=side.view_names,
        left_out=left_out,
    )


def _placed(body: Mapping[str, Tensor], head: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Both by their names in the whole network."""
    ours = {f"backbone.body.{name}": tensor for name, tensor in body.items()}
    return {**ours, **{f"parts.{name}": tensor for name, tensor in head.items()}}


def _with_side(vit: _Encoder, side: Side) -> _Encoder:
    return vit._replace(body={**vit.body, **with_single_row(vit.body, side)}, side=side)


def _is_vit(encoder: Mapping[str, Tensor]) -> bool:
    """Whether the encoder is the ViT rather than the ResNet. Raises ReseenError for neither."""
    is_vit = "class_embedding" in encoder
    if not (is_vit or "attnpool.positional_embedding" in encoder):
        raise ReseenError(
            f"no released CLIP-ReID checkpoint: expected {PREFIX}class_embedding of its ViT, or "
            f"{PREFIX}attnpool.positional_embedding of its ResNet"
        )
    return is_vit


def _resnet(renamed: EncoderTensors, image_size: tuple[int, int] | None) -> _Encoder:
    size = resnet_size(len(renamed.head["pool.positional_embedding"]) - 1, image_size)
    return _Encoder("clip-reid-rn50-market1501", {}, renamed.body, size, NO_SIDE)


def _vit(body: Mapping[str, Tensor], image_size: tuple[int, int] | None, *, resample: bool) -> _Encoder:
    """The ViT without its side information: the settings that the shapes tell, positions of the image size."""
    positions = body.get("pos_embed")
    if positions is None:
        raise ReseenError(f"no whole released CLIP-ReID checkpoint: {PREFIX}positional_embedding is missing")
    blocks = {name.split(".")[1] for name in body if name.startswith("blocks.")}
    size, stride = size_and_stride(positions.shape[1] - 1, None if resample else image_size)
    if resample and image_size is not None:
        source, target = (patch_grid(one, patch=PATCH, stride=stride) for one in (size, image_size))
        body = {**body, "pos_embed": positions_for(positions, grid=target, source=source)}
        size = image_size
    recipe = "clip-reid-veri776" if size == SIZES[1] else "clip-reid-market1501"
    settings = {"stride": stride, **({} if len(blocks) == 12 else {"blocks": len(blocks)})}
    return _Encoder(recipe, settings, body, size, NO_SIDE)


def _head(tensors: Mapping[str, Tensor], *, with_head: bool) -> dict[str, Tensor]:
    """Necks as far as they are there, and with the head the classifiers."""
    ours = {}
    for name, tensor in tensors.items():
        if found := _NECK.fullmatch(name):
            ours[f"{HEAD[found[1]]}.{found[2]}"] = tensor
        elif with_head and name in CLASSIFIERS:
            ours[CLASSIFIERS[name]] = tensor
    return ours


def _identities(tensors: Mapping[str, Tensor]) -> int:
    if missing := [name for name in CLASSIFIERS if name not in tensors]:
        raise ReseenError(f"the checkpoint has no whole head ({missing[0]}): import it without the head")
    return len(tensors["classifier.weight"])


def _refuse_unknown(tensors: Mapping[str, Tensor], renamed: EncoderTensors, left_out: Sequence[str]) -> None:
    known = {*left_out, *CLASSIFIERS, "cv_embed"}
    rest = [name for name in tensors if name not in known and not name.startswith(PREFIX) and not _NECK.fullmatch(name)]
    strange = [*(PREFIX + name for name in renamed.unknown), *rest]
    if strange:
        raise ReseenError(f"no released CLIP-ReID checkpoint: {len(strange)} unknown names ({', '.join(strange[:3])})")


CLIP_REID = Release(
    clip_reid,
    recognises=lambda tensors: any(name.startswith(PREFIX) for name in tensors),
    reads="CLIP-ReID's image encoders, ViT-B/16 and ResNet-50, with the embedding of cameras and views",
    licence="MIT, Syliz517",
    files="github.com/Syliz517/CLIP-ReID",
    expected="VeRi-776, ViT-B/16 with cameras and stride 12: 84.5 mAP, 97.3 rank-1",
)
