"""Whole models by name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from reseen.backbones import Backbone, build_backbone
from reseen.errors import ReseenError, unknown
from reseen.models.embedder import Embedder
from reseen.models.neck import BNNeck, identity_classifier
from reseen.models.sources import WHEEL, WHEEL_BACKBONE, read_weights
from reseen.models.weights import load_weights
from reseen.ops import POOLINGS


def build_model(
    name: str, *, num_identities: int | None, image_size: tuple[int, int], pretrained: bool = False
) -> Embedder:
    """The model ``name`` for pictures of ``image_size`` (height, width), in training mode.

    ``num_identities`` training identities of its classifier; None for a model without one. ``pretrained``
    starts the backbone from ImageNet weights; the entry says which, and how pictures must be normalised for
    them.

    Raises ReseenError for an unknown name, an impossible number or weights that cannot be fetched.
    """
    if name not in MODELS:
        raise ReseenError(unknown("model", name, MODELS))
    if num_identities is not None and num_identities < 1:
        raise ReseenError(f"expected at least 1 identity to classify, got {num_identities}")
    if min(image_size) < 1:
        raise ReseenError(f"expected an image size (height, width) in pixels, got {image_size}")
    return MODELS[name](num_identities=num_identities, image_size=image_size, pretrained=pretrained)


def resnet50_bot(*, num_identities: int | None, image_size: tuple[int, int], pretrained: bool) -> Embedder:
    """ResNet-50 with last stride 1, average pooling and BNNeck: the strong baseline of Luo et al. (2019).

    Pretrained: torchvision's first ImageNet weights, fetched by timm; mean .485 .456 .406, std .229 .224
    .225.
    """
    backbone = build_backbone("resnet50.tv_in1k", image_size=image_size, last_stride=1, pretrained=pretrained)
    return _average_and_neck(backbone, num_identities)


def efficientnet_lite0(*, num_identities: int | None, image_size: tuple[int, int], pretrained: bool) -> Embedder:
    """EfficientNet-Lite0 with average pooling and BNNeck: 3.4 M parameters, made for CPUs.

    Pretrained: the ImageNet weights of an installed wheel, no network needed; mean 127/255, std 128/255.
    """
    backbone = build_backbone(WHEEL_BACKBONE, image_size=image_size)
    if pretrained:
        load_weights(backbone.body, read_weights(WHEEL, backbone=WHEEL_BACKBONE).tensors)
    return _average_and_neck(backbone, num_identities)


def _average_and_neck(backbone: Backbone, num_identities: int | None) -> Embedder:
    width = backbone.feature_map.channels
    classifier = None if num_identities is None else identity_classifier(width, num_identities)
    return Embedder(backbone, pooling=POOLINGS["average"](), neck=BNNeck(width), classifier=classifier)


MODELS: Mapping[str, Callable[..., Embedder]] = MappingProxyType(
    {"efficientnet_lite0": efficientnet_lite0, "resnet50_bot": resnet50_bot}
)
"""Name -> factory(*, num_identities, image_size, pretrained); its docstring's first line describes it."""
