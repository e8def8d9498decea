"""The released MBR checkpoints, by the names of this package.

``modelup2L3.model.N`` is the trunk, its children numbered; ``modelL4.model.N`` a branch;
``finalblock.finalblocks.N`` its neck and, where it classifies, its classifier; ``finalblock.LAI`` the metadata of all
branches.
"""

import re
from collections.abc import Mapping

import torch
from einops import rearrange
from torch import Tensor

from reseen.errors import ReseenError
from reseen.models.catalogue import MODELS
from reseen.models.releases.accounting import refuse_unknown
from reseen.models.releases.released import Release, Released

TRUNK = ("conv1", "bn1", "act1", "maxpool", "layer1", "layer2", "layer3")
"""The names of the trunk's children in their order; two of them hold no tensors."""
CAMERAS = tuple(f"{number:03d}" for number in range(1, 21))
VIEWS = tuple(str(number) for number in range(8))
"""VeRi-776's, in the order that the release numbers a row as camera * 8 + view, the camera of ``c001`` being 0."""
_RENAMED = (
    (re.compile(r"modelL4\.model\.(\d+)\.(\d+)\.shortcut\.(.+)"), r"branches.\1.stage.\2.downsample.\3"),
    (re.compile(r"modelL4\.model\.(\d+)\.(\d+)\.conv2\.0\.rel_h"), r"branches.\1.stage.\2.conv2.columns"),
    (re.compile(r"modelL4\.model\.(\d+)\.(\d+)\.conv2\.0\.rel_w"), r"branches.\1.stage.\2.conv2.rows"),
    (re.compile(r"modelL4\.model\.(\d+)\.(\d+)\.conv2\.0\.(.+)"), r"branches.\1.stage.\2.conv2.\3"),
    (re.compile(r"modelL4\.model\.(\d+)\.(.+)"), r"branches.\1.stage.\2"),
    (re.compile(r"finalblock\.finalblocks\.(\d+)\.add_block\.0\.(.+)"), r"branches.\1.neck.norm.\2"),
    (re.compile(r"finalblock\.finalblocks\.(\d+)\.classifier\.0\.(.+)"), r"branches.\1.classifier.\2"),
    (re.compile(r"finalblock\.finalblocks\.(\d+)\.(\w+)"), r"branches.\1.neck.norm.\2"),
)

_TRUNK = re.compile(r"modelup2L3\.model\.([0-6])\.(.+)")
_LAI = "finalblock.LAI"


def mbr_release(tensors: Mapping[str, Tensor], *, with_head: bool) -> Released:
    """The tensors of a released MBR checkpoint, renamed and, where the shapes differ, reshaped.

    Raises ReseenError for names that are not a release's, a variant that has no model by name, and metadata of
    another number of cameras and views than VeRi-776's.
    """
    refuse_unknown([name for name in tensors if not _is_known(name)], release="released MBR")
    renamed = dict(_renamed(name, tensor) for name, tensor in tensors.items())
    classifiers = [tensor for name, tensor in renamed.items() if name.endswith(".classifier.weight")]
    model = _model(renamed)
    described = "metadata.table" in renamed
    if not with_head:
        renamed = {name: tensor for name, tensor in renamed.items() if ".classifier." not in name}
    return Released(
        recipe="mbr-4b-veri776",
        model={"name": model, "metadata": {}} if described else {"name": model},
        tensors=renamed,
        num_identities=len(classifiers[0]) if with_head and classifiers else None,
        image_size=_image_size(renamed),
        camera_names=CAMERAS if described else (),
        view_names=VIEWS if described else (),
    )


def _renamed(name: str, tensor: Tensor) -> tuple[str, Tensor]:
    if name == _LAI:
        return "metadata.table", _table(tensor)
    if found := _TRUNK.fullmatch(name):
        return f"backbone.body.{TRUNK[int(found[1])]}.{found[2]}", tensor
    for pattern, ours in _RENAMED:
        if pattern.fullmatch(name):
            return pattern.sub(ours, name), _positions(name, tensor)
    raise AssertionError(f"{name} has been checked")


def _is_known(name: str) -> bool:
    patterns = (_TRUNK, *(pattern for pattern, _ in _RENAMED))
    return name == _LAI or any(pattern.fullmatch(name) for pattern in patterns)


def _positions(name: str, tensor: Tensor) -> Tensor:
    """The release adds (1, a, d, 1, W) and (1, a, d, H, 1) under names that swap height and width."""
    if name.endswith(".rel_h"):
        return rearrange(tensor, "1 heads d 1 w -> heads d w")
    return rearrange(tensor, "1 heads d h 1 -> heads d h") if name.endswith(".rel_w") else tensor


def _table(tensor: Tensor) -> Tensor:
    """(branches, cameras * views, C) -> (branches, cameras + 1, views + 1, C), zero where something is unknown."""
    branches, rows, channels = tensor.shape
    if rows != len(CAMERAS) * len(VIEWS):
        raise ReseenError(
            f"metadata of the release: expected {len(CAMERAS)} cameras x {len(VIEWS)} views of VeRi-776 = "
            f"{len(CAMERAS) * len(VIEWS)} rows, got {rows}"
        )
    table = torch.zeros(branches, len(CAMERAS) + 1, len(VIEWS) + 1, channels, dtype=tensor.dtype)
    table[:, :-1, :-1] = rearrange(tensor, "n (cameras views) c -> n cameras views c", views=len(VIEWS))
    return table


def _model(renamed: Mapping[str, Tensor]) -> str:
    """The name of the model with these branches."""
    numbers = sorted({int(name.split(".")[1]) for name in renamed if name.startswith("branches.")})
    attends = [f"branches.{number}.stage.0.conv2.query.weight" in renamed for number in numbers]
    classifies = [f"branches.{number}.classifier.weight" in renamed for number in numbers]
    split = not all(classifies)
    branches = [
        {
            "name": "bot" if attention else "bottleneck",
            "role": ("classify" if classifying else "triplet") if split else "both",
        }
        for attention, classifying in zip(attends, classifies, strict=True)
    ]
    for name, model in MODELS.items():
        if branches and model.branches == branches:
            return name
    found = ", ".join(f"{branch['name']} ({branch['role']})" for branch in branches) or "none"
    raise ReseenError(f"no model by name has the branches of this release: expected those of mbr_4b, got {found}")


def _image_size(renamed: Mapping[str, Tensor]) -> tuple[int, int] | None:
    """Sixteen times the map that the first self-attention has positions for."""
    rows = [tensor for name, tensor in renamed.items() if name.endswith("conv2.rows")]
    columns = [tensor for name, tensor in renamed.items() if name.endswith("conv2.columns")]
    return (16 * rows[0].shape[-1], 16 * columns[0].shape[-1]) if rows and columns else None


MBR = Release(
    mbr_release,
    recognises=lambda tensors: any(name.startswith("modelup2L3.") for name in tensors),
    reads="MBR's networks with one branch or four, bottlenecks or self-attention, with metadata",
    licence="none stated",
    files="github.com/videturfortuna/vehicle_reid_itsc2023",
    expected="VeRi-776: 84.72 mAP, 97.68 rank-1; with metadata 85.63 and 97.74",
)
