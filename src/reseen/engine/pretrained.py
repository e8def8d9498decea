"""Build a recipe's backbone with its attention and its start weights, for any task."""

from collections.abc import Mapping
from typing import Any, Protocol, Self, TypeVar

from reseen.backbones import Backbone, SideInformation, build_backbone, set_input_size
from reseen.backbones.slots import AttentionFactory
from reseen.models import load_weights, read_weights, require_weights
from reseen.models.normalisation import normalisation_of
from reseen.recipe.backbone import BackboneSettings
from reseen.recipe.components import Component
from reseen.recipe.kinds import ATTENTION
from reseen.recipe.training import ImageSettings

LinesT = TypeVar("LinesT", bound=ImageSettings)


def start_backbone(
    settings: BackboneSettings,
    *,
    image_size: tuple[int, int],
    start_weights: bool,
    side_information: SideInformation | None = None,
) -> Backbone:
    """The backbone for images of ``image_size``; with ``start_weights`` as the settings say, else at random.

    ``side_information``: the cameras and views that a family learns which learns them. Draws from torch's global
    generator: seed it first.
    """
    backbone = build_backbone(
        settings.backbone,
        image_size=settings.pretrained_size or image_size,
        attention=_attention(settings),
        pretrained=start_weights and settings.weights == "timm",
        side_information=side_information,
        **settings.options,
    )
    if start_weights and settings.weights not in {"none", "timm"}:
        _load_start_weights(backbone, settings)
    return set_input_size(backbone, image_size=image_size) if settings.pretrained_size else backbone


def normalised(data: LinesT, *, model: BackboneSettings) -> LinesT:
    """The image settings with mean and std filled in from the start weights where they are not set."""
    mean, std = normalisation_of(model.weights, backbone=model.backbone)
    return data.model_copy(update={"mean": data.mean or mean, "std": data.std or std})


class _WithBackbone(Protocol):
    @property
    def data(self) -> ImageSettings: ...
    @property
    def model(self) -> BackboneSettings: ...
    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self: ...


RecipeT = TypeVar("RecipeT", bound=_WithBackbone)


def resolved(recipe: RecipeT) -> RecipeT:
    """A task's recipe with mean and std filled in from the start weights where they are not set."""
    return recipe.model_copy(update={"data": normalised(recipe.data, model=recipe.model)})


def resolved_to_train(recipe: RecipeT) -> RecipeT:
    """The same of a recipe to train: ReseenError, before any data are read, where its start weights are not at hand."""
    require_weights(recipe.model.weights, backbone=recipe.model.backbone)
    return resolved(recipe)


def _attention(settings: BackboneSettings) -> dict[str, AttentionFactory]:
    """Slot -> factory with the line's settings."""
    return {slot: _factory(Component.of(line)) for slot, line in settings.attention.items()}


def _factory(attention: Component) -> AttentionFactory:
    return lambda feature_map: ATTENTION.build(attention, feature_map=feature_map)


def _load_start_weights(backbone: Backbone, settings: BackboneSettings) -> None:
    """Load the file into the backbone; it may hold the plain network's tensors in the places of attention, or none."""
    slots = [f"{slot}.*" for slot in backbone.slots]
    load_weights(
        backbone.body,
        backbone.start_tensors(read_weights(settings.weights, backbone=settings.backbone).tensors),
        expect_missing=[*settings.expect_missing, *slots],
        expect_unexpected=[*settings.expect_unexpected, *(slot for slot in slots if not slot.endswith(".attention.*"))],
    )
