"""The family of TransReID's ViTs: patches that may overlap, and side information of cameras and views.

He et al., "TransReID: Transformer-based Object Re-Identification", ICCV 2021.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, Self

from annotated_types import Ge, Le, Lt
from torch import Tensor, nn

from reseen.backbones.family import Family
from reseen.backbones.probe import by
from reseen.backbones.side_backbone import SideBackbone
from reseen.backbones.side_table import ForUnknown, SideTable
from reseen.backbones.timm_body import timm_body, timm_normalisation
from reseen.backbones.transreid_vit import PATCH, Architecture, TransReIDViT, grid_of, resampled_positions
from reseen.bounds import Count, NotNegative, Triple
from reseen.errors import ReseenError
from reseen.types import FeatureMap


class Named(NamedTuple):
    """``timm``: the timm name of the ImageNet weights that the release starts from; empty where timm has none."""

    architecture: Architecture
    timm: str = ""


NETWORKS: Mapping[str, Named] = MappingProxyType(
    {
        "transreid_vit_base": Named(Architecture(), "vit_base_patch16_224.orig_in21k_ft_in1k"),
        "transreid_vit_small": Named(
            Architecture(depth=8, heads=8, mlp_ratio=3.0, qkv_bias=False, scale=768**-0.5)  # as timm's of 2020
        ),
        "transreid_deit_base": Named(Architecture(), "deit_base_patch16_224.fb_in1k"),
        "transreid_deit_small": Named(Architecture(width=384, heads=6), "deit_small_patch16_224.fb_in1k"),
        "transreid_deit_tiny": Named(Architecture(width=192, heads=3), "deit_tiny_patch16_224.fb_in1k"),
    }
)
"""Name -> network. The base ViT's ImageNet weights are those of jx_vit_base_p16_224-80ecf9dd.pth, which timm keeps
under this tag."""


class TransReIDBackbone(SideBackbone):
    """A ViT of tokens; the last block and norm can be copied, and positions are resampled to other image sizes."""

    body: TransReIDViT

    def split_last_block(self) -> tuple[Self, nn.Sequential]:
        """The network without its last block and norm, and these two, which take its tokens; it is taken apart."""
        last = nn.Sequential(self.body.blocks[-1], self.body.norm)
        self.body.blocks[-1] = nn.Identity()
        self.body.add_module("norm", nn.Identity())
        trunk = type(self)(self.body, image_size=self.image_size, side_information=self.side_information)
        return trunk, last

    def start_tensors(self, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """A ViT's tensors by timm's names: its square of positions resampled; the side information stays as it is."""
        return _start_tensors(self.body, tensors)

    def set_input_size(self, image_size: tuple[int, int]) -> None:
        """Take images of another (height, width) from now on, in place: the positions are resampled bilinearly."""
        self.body.set_input_size(image_size)
        self.image_size, self._tokens = image_size, self.body.grid
        self.feature_map = FeatureMap(self.feature_map.channels, *self.body.grid)

    def _token_grid(self, features: Tensor, image: Tensor) -> tuple[int, int]:
        del features, image
        return self.body.grid


def transreid(  # noqa: PLR0913 - its options are a recipe's settings
    *,
    name: str,
    image_size: tuple[int, int],
    pretrained: bool,
    camera_names: tuple[str, ...],
    view_names: tuple[str, ...],
    stride: Annotated[int, Ge(1), Le(PATCH)] = PATCH,
    coefficient: NotNegative = 3.0,
    unknown: ForUnknown = "mean",
    drop_path: Annotated[float, Ge(0), Lt(1)] = 0.1,
    depth: Count | None = None,
    width: Count | None = None,
    heads: Count | None = None,
) -> nn.Module:
    """The network ``name`` of ``NETWORKS``.

    ``stride``: of the patches in pixels: 16 lays them side by side, 12 lets them overlap. ``coefficient``: what the
    side information is multiplied by; 0 leaves it out. ``unknown``: what an unknown camera or view adds. ``drop_path``:
    how often training leaves the last block out, and the earlier ones less. ``depth``, ``width``, ``heads``: where they
    differ from those of the name.

    Raises ReseenError for an image smaller than a patch, a width that the heads do not divide, and weights that timm
    has not got.
    """
    sizes = {"depth": depth, "width": width, "heads": heads}
    changed = {setting: value for setting, value in sizes.items() if value is not None}
    architecture = _architecture(name, changed)
    if min(grid_of(image_size, stride)) < 1:
        raise ReseenError(f"{name}: expected images of {PATCH} x {PATCH} or more, got {by(image_size)}")
    side = None
    if coefficient > 0 and (camera_names or view_names):
        side = SideTable(cameras=len(camera_names), views=len(view_names), width=architecture.width, unknown=unknown)
    body = TransReIDViT(
        architecture, image_size=image_size, stride=stride, side=side, coefficient=coefficient, drop_path=drop_path
    )
    if pretrained:
        _fetch(name, body, changed=tuple(changed))
    return body


def _architecture(name: str, changed: Mapping[str, Any]) -> Architecture:
    """The architecture of the name with what is changed. Raises ReseenError where the heads do not divide the width."""
    architecture = NETWORKS[name].architecture._replace(**changed)
    if architecture.width % architecture.heads:
        raise ReseenError(f"{name}: expected a width that {architecture.heads} heads divide, got {architecture.width}")
    return architecture


def _fetch(name: str, body: TransReIDViT, *, changed: tuple[str, ...]) -> None:
    tag = NETWORKS[name].timm
    if changed or not tag:
        why = f"with another {changed[0]}" if changed else ""
        raise ReseenError(
            f"there are no weights of '{name}' {why} to fetch: give a weights file or none".replace("  ", " ")
        )
    tensors = timm_body(tag, image_size=(224, 224), pretrained=True).state_dict()
    body.load_state_dict(dict(_start_tensors(body, tensors)))


def _start_tensors(body: TransReIDViT, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    started = dict(tensors)
    if body.side is not None:
        started.setdefault("side.table", body.side.table.data)
    positions = started.get("pos_embed")
    if positions is not None and positions.shape[1] != body.pos_embed.shape[1]:
        started["pos_embed"] = _resampled_square(positions, body)
    return started


def _resampled_square(positions: Tensor, body: TransReIDViT) -> Tensor:
    """The positions of a square image -> those of the body's. Raises ReseenError where they are of no square."""
    side = round((positions.shape[1] - 1) ** 0.5)
    if side**2 + 1 != positions.shape[1]:
        raise ReseenError(
            f"pos_embed: expected {body.pos_embed.shape[1]} positions or those of a square image, "
            f"got {positions.shape[1]}"
        )
    return resampled_positions(positions, source=(side, side), target=body.grid)


def _normalisation(name: str, source: str) -> tuple[Triple, Triple] | None:
    tag = NETWORKS[name].timm
    return timm_normalisation(tag, source) if tag else None


TRANSREID = Family(
    "TransReID",
    build=transreid,
    owns=NETWORKS.__contains__,
    backbone=TransReIDBackbone,
    slots=(),
    normalisation=_normalisation,
)
