"""From a backbone's name and its family's options to a Backbone."""

from collections.abc import Mapping

from reseen.backbones.backbone import Backbone, SideInformation
from reseen.backbones.families import family_of
from reseen.backbones.slots import AttentionFactory, put_attention
from reseen.errors import ReseenError
from reseen.signatures import supplied


def build_backbone(
    name: str,
    *,
    image_size: tuple[int, int],
    attention: Mapping[str, AttentionFactory] | None = None,
    pretrained: bool = False,
    side_information: SideInformation | None = None,
    **options: object,
) -> Backbone:
    """Build the network ``name`` as a feature extractor.

    Args:
        name: A timm name (``resnet50``, ``resnet50.tv_in1k``, ``vit_small_patch16_224``), one of another family's
            (`reseen.backbones.families`), or ``"mypackage.nets:osnet"``, a function like a family's ``build``.
        image_size: (height, width) in pixels.
        attention: From a slot to a factory (`reseen.backbones.slots`).
        pretrained: Fetch the weights of the name's tag, once, from the hub; they hold no attention, which starts at
            random.
        side_information: The names of cameras and views, for a family that learns them.
        **options: The family's own; None leaves one out. A ResNet has ``last_stride``, ``ibn``, ``stem`` and
            ``output_stride``, another CNN ``output_stride``, a ViT none.

    Returns:
        The backbone in training mode, (B, 3, H, W) -> (B, C, h, w).

    Raises:
        ReseenError: An unknown name, a size or an option that the network cannot take, and weights that cannot be
            fetched.

    Example:
        >>> build_backbone("resnet18", image_size=(64, 32), last_stride=1).feature_map
        FeatureMap(channels=512, height=4, width=2)
    """
    family = family_of(name)
    options = {option: value for option, value in options.items() if value is not None}
    family.refuse_unknown(options)
    if pretrained and not supplied(family.build, pretrained=True):
        raise ReseenError(f"there are no weights of '{name}' to fetch: give a weights file or none")
    names = (side_information or SideInformation()) if family.learns_side_information else None
    provided = supplied(
        family.build, name=name, image_size=image_size, pretrained=pretrained, **(names or SideInformation())._asdict()
    )
    body = family.build(**provided, **options)
    slots = put_attention(body, attention, image_size=image_size) if attention else ()
    return family.backbone(body, image_size=image_size, slots=slots, side_information=names)
