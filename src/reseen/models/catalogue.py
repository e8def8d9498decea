"""Whole models by name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from reseen.backbones import build_backbone
from reseen.errors import ReseenError, unknown
from reseen.models.attended import ATTENDED
from reseen.models.embedder import SingleBranchEmbedder, single_branch
from reseen.models.mbr import MULTI_BRANCH
from reseen.models.multibranch import MultiBranchEmbedder
from reseen.models.sources import WHEEL, WHEEL_BACKBONE, read_weights
from reseen.models.weights import load_weights


def build_model(
    name: str,
    *,
    num_identities: int | None,
    image_size: tuple[int, int],
    pretrained: bool = False,
    cameras: int = 0,
    views: int = 0,
) -> SingleBranchEmbedder | MultiBranchEmbedder:
    """The model ``name`` for pictures of ``image_size`` (height, width), in training mode.

    ``num_identities`` training identities of its classifier; None for a model without one. ``pretrained``
    starts the backbone from ImageNet weights; the entry says which, and how pictures must be normalised for
    them. ``cameras`` and ``views`` above 0 give a multi-branch model a metadata table over so many.

    Raises ReseenError for an unknown name, an impossible number, weights that cannot be fetched, and metadata
    for a model without branches.
    """
    if name not in MODELS:
        raise ReseenError(unknown("model", name, MODELS))
    if num_identities is not None and num_identities < 1:
        raise ReseenError(f"expected at least 1 identity to classify, got {num_identities}")
    if min(image_size) < 1:
        raise ReseenError(f"expected an image size (height, width) in pixels, got {image_size}")
    if min(cameras, views) < 0:
        raise ReseenError(f"expected 0 or more cameras and views, got {cameras} and {views}")
    shape = {"num_identities": num_identities, "image_size": image_size, "pretrained": pretrained}
    if name in MULTI_BRANCH:
        return MULTI_BRANCH[name](**shape, cameras=cameras, views=views)
    if cameras or views:
        raise ReseenError(f"'{name}' has no branches to add metadata to; models that have: {', '.join(MULTI_BRANCH)}")
    return MODELS[name](**shape)


def resnet50_bot(*, num_identities: int | None, image_size: tuple[int, int], pretrained: bool) -> SingleBranchEmbedder:
    """ResNet-50 with last stride 1, average pooling and BNNeck: the strong baseline of Luo et al. (2019).

    Pretrained: torchvision's first ImageNet weights, fetched by timm; mean .485 .456 .406, std .229 .224
    .225.
    """
    backbone = build_backbone("resnet50.tv_in1k", image_size=image_size, last_stride=1, pretrained=pretrained)
    return single_branch(backbone, num_identities=num_identities)


def efficientnet_lite0(
    *, num_identities: int | None, image_size: tuple[int, int], pretrained: bool
) -> SingleBranchEmbedder:
    """EfficientNet-Lite0 with average pooling and BNNeck: 3.4 M parameters, made for CPUs.

    Pretrained: the ImageNet weights of an installed wheel, no network needed; mean 127/255, std 128/255.
    """
    backbone = build_backbone(WHEEL_BACKBONE, image_size=image_size)
    if pretrained:
        load_weights(backbone.body, read_weights(WHEEL, backbone=WHEEL_BACKBONE).tensors)
    return single_branch(backbone, num_identities=num_identities)


MODELS: Mapping[str, Callable[..., SingleBranchEmbedder | MultiBranchEmbedder]] = MappingProxyType(
    {"efficientnet_lite0": efficientnet_lite0, "resnet50_bot": resnet50_bot, **ATTENDED, **MULTI_BRANCH}
)
"""Name -> factory(*, num_identities, image_size, pretrained); its docstring's first line describes it."""
