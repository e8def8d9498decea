"""From a timm name and its options to a Backbone."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal

import timm
from torch import nn

from reseen.backbones.backbone import Backbone
from reseen.backbones.ibn import put_ibn_a
from reseen.backbones.probe import CANNOT_RUN
from reseen.backbones.resnet import set_last_stride, set_small_stem
from reseen.backbones.slots import AttentionFactory, put_attention
from reseen.errors import ReseenError


def build_backbone(
    name: str,
    *,
    image_size: tuple[int, int],
    last_stride: Literal[1, 2] | None = None,
    ibn: Literal["a"] | None = None,
    stem: Literal["cifar"] | None = None,
    output_stride: Literal[8, 16] | None = None,
    attention: Mapping[str, AttentionFactory] | None = None,
    pretrained: bool = False,
) -> Backbone:
    """The timm network ``name`` (``resnet50``, ``resnet50.tv_in1k``, ``vit_small_patch16_224``) as Backbone.

    ``image_size`` (height, width) in pixels. ``last_stride`` 1 doubles the last map of a ResNet (BoT, Luo et
    al., 2019); None keeps timm's. ``ibn="a"`` splits the first norm of a ResNet's stages 1 to 3 into instance
    and batch norm (Pan et al., 2018). ``stem="cifar"`` begins a ResNet without reducing the picture.
    ``output_stride``: how many times smaller than the picture the map is; later strides become dilation.
    ``attention``: slot -> factory (`reseen.backbones.slots`). ``pretrained`` fetches the weights of the name's
    tag, once, from the hub; they hold no attention, which starts at random.

    Raises ReseenError for an unknown name, a size or an option that the network cannot take, and weights that
    cannot be fetched.
    """
    if pretrained and ibn is not None:
        raise ReseenError(f"timm has no weights for '{name}' with IBN-a: give a weights file or pretrained = false")
    if pretrained and stem is not None:
        raise ReseenError(
            f"timm has no weights for '{name}' with a stem for small pictures: give a weights file or none"
        )
    body = timm_body(name, image_size=image_size, output_stride=output_stride, pretrained=pretrained)
    if last_stride is not None:
        set_last_stride(body, last_stride)
    if ibn is not None:
        put_ibn_a(body)
    if stem is not None:
        set_small_stem(body)
    slots = put_attention(body, attention, image_size=image_size) if attention else ()
    return Backbone(body, image_size=image_size, slots=slots)


def timm_body(
    name: str, *, image_size: tuple[int, int], output_stride: int | None = None, pretrained: bool = False
) -> nn.Module:
    """The timm network without its classifier, built for ``image_size`` where it is bound to one.

    Raises ReseenError for an unknown name, a size it cannot take, and weights that cannot be fetched.
    """
    _check_name(name)
    dilated: dict[str, Any] = {} if output_stride is None else {"output_stride": output_stride}
    try:
        try:
            return timm.create_model(name, pretrained=pretrained, num_classes=0, img_size=image_size, **dilated)
        except TypeError:  # a convolutional network takes any size and knows no img_size
            return timm.create_model(name, pretrained=pretrained, num_classes=0, **dilated)
    except OSError as error:
        raise ReseenError(
            f"cannot fetch the weights of '{name}': {_first_line(error)}; "
            "connect once, or name a weights file, or train from scratch"
        ) from error
    except CANNOT_RUN as error:
        raise ReseenError(
            f"timm cannot build '{name}' for {image_size[0]} x {image_size[1]}: {_first_line(error)}"
        ) from error


def _check_name(name: str) -> None:
    if ":" in name or not timm.is_model(name):
        near = get_close_matches(name, timm.list_models(), n=3, cutoff=0.4)
        hint = f"; nearest timm names: {', '.join(near)}" if near else "; `timm.list_models()` lists the names"
        raise ReseenError(f"no backbone '{name}'{hint}")


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
