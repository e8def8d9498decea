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
from reseen.models.releases.mbr import CAMERAS, VIEWS
from reseen.models.releases.released import Release, Released

PREFIX = "image_encoder."
TEACHERS = ("prompt_learner.", "text_encoder.")
HEAD = {"bottleneck": "necks.0.norm", "bottleneck_proj": "necks.1.norm"}
CLASSIFIERS = {"classifier.weight": "classifiers.0.weight", "classifier_proj.weight": "classifiers.1.weight"}
SIZES = ((256, 128), (256, 256))
"""Of persons and of vehicles, which the release trains at."""
STRIDES = (16, 12)
CAMERA_NAMES = {len(CAMERAS): CAMERAS, 15: tuple(f"{number:02d}" for number in range(1, 16))}
VIEW_NAMES = {len(VIEWS): VIEWS}
"""Of VeRi-776 and MSMT17, as our readers name them; others count from 1."""
ROWS_OF_VERI = len(CAMERAS) * len(VIEWS)
_NECK = re.compile(r"(bottleneck(?:_proj)?)\.(weight|bias|running_mean|running_var|num_batches_tracked)")


class _Side(NamedTuple):
    """What is known of the embedding of cameras and views: settings of [model], a tensor, and the names.

    ``of_all``: what a single row adds to the class token of every image, (D,).
    """

    model: Mapping[str, float | None]
    tensors: Mapping[str, Tensor]
    camera_names: Sequence[str]
    view_names: Sequence[str]
    of_all: Tensor | None = None


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
    is_vit = "class_embedding" in encoder
    if not (is_vit or "attnpool.positional_embedding" in encoder):
        raise ReseenError(
            f"no released CLIP-ReID checkpoint: expected {PREFIX}class_embedding of its ViT, or "
            f"{PREFIX}attnpool.positional_embedding of its ResNet"
        )
    renamed = vit_tensors(encoder) if is_vit else resnet_tensors(encoder)
    left_out = [name for name in tensors if name.startswith(TEACHERS)]
    head = _head(tensors, with_head=with_head)
    _refuse_unknown(tensors, renamed, left_out)
    if is_vit:
        body, size, settings = _vit(renamed.body, image_size, resample=resample)
        side = _side(tensors.get("cv_embed"), cameras=cameras, views=views, coefficient=coefficient)
        body |= _with_single_row(body, side)
        recipe = "clip-reid-veri776" if size == SIZES[1] else "clip-reid-market1501"
    else:
        side = _side(None, cameras=cameras, views=views, coefficient=None)._replace(model={})
        left_out += [name for name in tensors if name == "cv_embed"]  # its forward never reads it
        body, settings, recipe = renamed.body, {}, "clip-reid-rn50-market1501"
        size = _resnet_size(renamed.head, image_size)
    parts = {f"parts.{name}": tensor for name, tensor in renamed.head.items()}
    return Released(
        recipe=recipe,
        model={**settings, **side.model},
        tensors={**{f"backbone.body.{name}": tensor for name, tensor in body.items()}, **parts, **side.tensors, **head},
        num_identities=_identities(tensors) if with_head else None,
        image_size=size,
        camera_names=side.camera_names,
        view_names=side.view_names,
        left_out=left_out,
    )


def _vit(
    body: dict[str, Tensor], image_size: tuple[int, int] | None, *, resample: bool
) -> tuple[dict[str, Tensor], tuple[int, int], dict[str, object]]:
    """The body's tensors, the image size, and the settings that the shapes tell."""
    positions = body.get("pos_embed")
    if positions is None:
        raise ReseenError(f"no whole released CLIP-ReID checkpoint: {PREFIX}positional_embedding is missing")
    count = positions.shape[1] - 1
    blocks = {name.split(".")[1] for name in body if name.startswith("blocks.")}
    size, stride = _size_and_stride(count, None if resample else image_size)
    if resample and image_size is not None:
        source, target = (patch_grid(one, patch=PATCH, stride=stride) for one in (size, image_size))
        body = body | {"pos_embed": positions_for(positions, grid=target, source=source)}
        size = image_size
    return body, size, {"stride": stride, **({} if len(blocks) == 12 else {"blocks": len(blocks)})}


def _size_and_stride(patches: int, image_size: tuple[int, int] | None) -> tuple[tuple[int, int], int]:
    """The image size and the stride that give so many patches."""
    sizes = SIZES if image_size is None else (image_size,)
    for size in sizes:
        for stride in STRIDES:
            rows, columns = patch_grid(size, patch=PATCH, stride=stride)
            if rows * columns == patches:
                return size, stride
    raise _no_such_size(patches, sizes, image_size)


def _resnet_size(head: Mapping[str, Tensor], image_size: tuple[int, int] | None) -> tuple[int, int]:
    positions = len(head["pool.positional_embedding"]) - 1
    sizes = SIZES if image_size is None else (image_size,)
    for height, width in sizes:
        if (height // 16) * (width // 16) == positions:
            return height, width
    raise _no_such_size(positions, sizes, image_size)


def _no_such_size(positions: int, sizes: Sequence[tuple[int, int]], image_size: tuple[int, int] | None) -> ReseenError:
    tried = " or ".join(f"{height} x {width}" for height, width in sizes)
    what = (
        "give the --image-size that it was trained at"
        if image_size is None
        else "give the --image-size that it was trained at, and carry the network to another size afterwards, or "
        "--set resample=true"
    )
    return ReseenError(
        f"its positional embedding has {positions} positions, which images of {tried} do not give: {what}"
    )


def _side(rows: Tensor | None, *, cameras: int | None, views: int | None, coefficient: float | None) -> _Side:
    if rows is None:
        if cameras or views:
            raise ReseenError("it has no embedding of cameras that is used (cv_embed): leave cameras and views out")
        return _Side({"coefficient": None}, {}, (), ())
    if cameras is None and views is None and len(rows) == ROWS_OF_VERI:
        cameras, views = len(CAMERAS), len(VIEWS)
    cameras = len(rows) // (views or 1) if cameras is None else cameras
    if cameras * (views or 1) != len(rows):
        raise ReseenError(
            f"its embedding of cameras (cv_embed) has {len(rows)} rows, not {cameras} cameras x {views or 1} views: "
            "give --set cameras=C views=V"
        )
    if coefficient is None:
        raise ReseenError(
            "the file does not hold the coefficient of its embedding of cameras: give --set coefficient=1.0, which "
            "the authors' commands train with, or coefficient=3.0, their configuration's default"
        )
    if len(rows) == 1:
        return _Side({"coefficient": None}, {}, (), (), of_all=coefficient * rows[0])
    return _Side(
        model={"coefficient": coefficient},
        tensors={"backbone.body.side.rows": rows},
        camera_names=CAMERA_NAMES.get(cameras, _numbered(cameras)),
        view_names=VIEW_NAMES.get(views or 0, _numbered(views or 0)),
    )


def _with_single_row(body: Mapping[str, Tensor], side: _Side) -> dict[str, Tensor]:
    """The class token with the row of the one camera, which no image lacks, so that no camera need be known."""
    return {} if side.of_all is None else {"cls_token": body["cls_token"] + side.of_all}


def _numbered(count: int) -> tuple[str, ...]:
    """Names from 1; a single camera or view tells nothing apart, so it need not be known."""
    return tuple(str(number) for number in range(1, count + 1)) if count > 1 else ()


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
