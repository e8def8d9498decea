"""The family of timm's ResNets (plain, D, SE, ResNeSt, Res2Net, SK ...): strides, stem, IBN-a, non-local, stages."""

from collections import OrderedDict
from typing import Annotated, Any, Literal, Self

from annotated_types import Ge
from timm.layers.blur_pool import BlurPool2d
from timm.models.resnet import Bottleneck
from torch import Tensor, nn

from reseen.backbones.backbone import Backbone
from reseen.backbones.family import Family
from reseen.backbones.ibn import put_ibn_a
from reseen.backbones.non_local import NonLocal, put_non_local
from reseen.backbones.timm_body import defined_in, timm_body, timm_normalisation
from reseen.errors import ReseenError


class ResNetBackbone(Backbone):
    """A ResNet, whose last stages of bottlenecks can be copied into branches, and which gives the maps of its blocks.

    Its non-local blocks count as attention: start weights hold none.
    """

    def __init__(self, body: nn.Module, *, slots: tuple[str, ...] = (), **beside: Any) -> None:
        non_local = [path for path, part in body.named_modules() if isinstance(part, NonLocal)]
        super().__init__(body, slots=tuple(dict.fromkeys([*slots, *non_local])), **beside)

    def split_last_stage(self) -> tuple[Self, nn.Module]:
        """The network to its third stage, and the fourth.

        Raises ReseenError for a ResNet without bottlenecks.
        """
        stage = self.body.get_submodule("layer4")
        if not all(isinstance(block, Bottleneck) for block in stage.children()):
            return super().split_last_stage()
        self.body.add_module("layer4", nn.Identity())
        return self._trunk(), stage

    def split_third_stage(self) -> tuple[Self, nn.Sequential]:
        """The network to the first block of its third stage; the other blocks of that stage, and the fourth.

        Raises ReseenError for a ResNet without bottlenecks.
        """
        _, last = self.split_last_stage()
        first, *others = self.body.get_submodule("layer3").named_children()
        self.body.add_module("layer3", nn.Sequential(OrderedDict([first])))
        return self._trunk(), nn.Sequential(nn.Sequential(*(block for _, block in others)), last)

    def block_maps(self, images: Tensor) -> list[list[Tensor]]:
        """(B, 3, H, W) normalised -> the maps of all blocks of the stages 2, 3 and 4, stage by stage."""
        body: Any = self.body
        maps = body.layer1(body.maxpool(body.act1(body.bn1(body.conv1(images)))))
        stages: list[list[Tensor]] = []
        for stage in (body.layer2, body.layer3, body.layer4):
            stages.append([])
            for block in stage.children():
                maps = block(maps)
                stages[-1].append(maps)
        return stages

    def _trunk(self) -> Self:
        """What is left of the body once stages are taken out of it."""
        left = dict(self.body.named_modules())
        return type(self)(
            self.body, image_size=self.image_size, slots=tuple(slot for slot in self.slots if slot in left)
        )


def resnet(  # noqa: PLR0913 - each option is a setting of a recipe
    *,
    name: str,
    image_size: tuple[int, int],
    pretrained: bool,
    last_stride: Literal[1, 2] | None = None,
    ibn: Literal["a"] | None = None,
    stem: Literal["cifar"] | None = None,
    output_stride: Literal[8, 16] | None = None,
    stem_pool: Literal["ceil"] | None = None,
    non_local: tuple[Annotated[int, Ge(0)], Annotated[int, Ge(0)]] | None = None,
) -> nn.Module:
    """The timm network ``name``.

    ``last_stride`` 1 doubles the last map (BoT, Luo et al., 2019); None keeps timm's, and convolutions keep their
    dilation of 1, so weights fit as they are. ``ibn="a"`` splits the first norm of the blocks in stages 1 to 3 into
    instance and batch norm (Pan et al., 2018). ``stem="cifar"`` begins without reducing the image. ``output_stride``:
    how many times smaller than the image the map is; later strides become dilation. ``stem_pool="ceil"`` pools the
    stem's map without padding and keeps the last, partial window, as FastReID does. ``non_local``: how many of the last
    blocks of stage 2 and of stage 3 are followed by a non-local block.

    Raises ReseenError for weights that timm has not got.
    """
    if pretrained and ibn is not None:
        raise ReseenError(f"timm has no weights for '{name}' with IBN-a: give a weights file or pretrained = false")
    if pretrained and stem is not None:
        raise ReseenError(f"timm has no weights for '{name}' with a stem for small images: give a weights file or none")
    body = timm_body(name, image_size=image_size, output_stride=output_stride, pretrained=pretrained)
    if last_stride == 1:
        keep_size(body.get_submodule("layer4.0"))
    if ibn is not None:
        put_ibn_a(body)
    if stem is not None:
        set_small_stem(body)
    if stem_pool is not None:
        set_ceil_pool(body)
    if non_local is not None:
        put_non_local(body, non_local)
    return body


def set_small_stem(body: nn.Module) -> None:
    """Begin a timm ResNet with a 3 x 3 convolution of stride 1 and no pooling, in place, for images of 32 x 32.

    He et al. (2016) do so for CIFAR. Raises ReseenError for all but ResNets that begin with one 7 x 7 convolution.
    """
    first = getattr(body, "conv1", None)
    if not (isinstance(first, nn.Conv2d) and first.kernel_size == (7, 7)):
        raise ReseenError(f"stem is for ResNets that begin with a 7 x 7 convolution, got {type(body).__name__}")
    smaller = nn.Conv2d(first.in_channels, first.out_channels, kernel_size=3, padding=1, bias=False)
    nn.init.kaiming_normal_(smaller.weight, mode="fan_out", nonlinearity="relu")
    body.add_module("conv1", smaller)
    body.add_module("maxpool", nn.Identity())


def set_ceil_pool(body: nn.Module) -> None:
    """Pool a timm ResNet's stem 3 x 3 with stride 2, without padding, the last window cut at the edge, in place.

    Raises ReseenError for a ResNet whose stem has no such pooling.
    """
    if not isinstance(getattr(body, "maxpool", None), nn.MaxPool2d):
        raise ReseenError(f"stem_pool is for ResNets whose stem has a max pooling, got {type(body).__name__}")
    body.add_module("maxpool", nn.MaxPool2d(3, stride=2, ceil_mode=True))


def keep_size(block: nn.Module) -> None:
    """What the block would be had it been built with stride 1."""
    for name, part in list(block.named_modules()):
        if isinstance(part, nn.Conv2d) and max(part.stride) > 1:
            part.stride = (1, 1)
        elif isinstance(part, nn.AvgPool2d) and _extent(part.padding) > 0:
            part.stride = 1  # the 3 x 3 average inside ResNeSt and Res2Net blocks stays, and keeps the size
        elif isinstance(part, nn.AvgPool2d | nn.MaxPool2d | BlurPool2d):
            parent, _, child = name.rpartition(".")
            setattr(block.get_submodule(parent), child, nn.Identity())  # it was there only to halve the map


def _extent(value: int | tuple[int, ...]) -> int:
    return value if isinstance(value, int) else max(value)


RESNET = Family(
    "ResNet",
    build=resnet,
    owns=defined_in("resnet", "resnest", "res2net", "sknet"),  # the modules that use timm's class ResNet
    backbone=ResNetBackbone,
    normalisation=timm_normalisation,
)
