"""From a recipe's lines to a backbone with its attention and its start weights, whatever will stand on it."""

from collections.abc import Mapping
from typing import Any, Protocol, Self, TypeVar

from reseen.backbones import Backbone, build_backbone, carry
from reseen.backbones.slots import AttentionFactory
from reseen.models import load_weights, read_weights
from reseen.models.normalisation import normalisation_of
from reseen.recipe.backbone import BackboneLines
from reseen.recipe.components import Component
from reseen.recipe.kinds import ATTENTION
from reseen.recipe.training import PictureLines

LinesT = TypeVar("LinesT", bound=PictureLines)


def start_backbone(lines: BackboneLines, *, image_size: tuple[int, int], start_weights: bool) -> Backbone:
    """The backbone for pictures of ``image_size``; with ``start_weights`` as the lines say, else at random.

    Draws from torch's global generator: seed it first.
    """
    backbone = build_backbone(
        lines.backbone,
        image_size=lines.carried_from or image_size,
        last_stride=lines.last_stride,
        ibn=lines.ibn,
        stem=lines.stem,
        output_stride=lines.output_stride,
        attention=_attention(lines),
        pretrained=start_weights and lines.weights == "timm",
    )
    if start_weights and lines.weights not in {"none", "timm"}:
        _load_start_weights(backbone, lines)
    return carry(backbone, image_size=image_size) if lines.carried_from else backbone


def normalised(data: LinesT, *, model: BackboneLines) -> LinesT:
    """The lines with mean and std filled in from the start weights where they leave them open."""
    mean, std = normalisation_of(model.weights, backbone=model.backbone)
    return data.model_copy(update={"mean": data.mean or mean, "std": data.std or std})


class _WithBackbone(Protocol):
    @property
    def data(self) -> PictureLines: ...
    @property
    def model(self) -> BackboneLines: ...
    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self: ...


RecipeT = TypeVar("RecipeT", bound=_WithBackbone)


def resolved(recipe: RecipeT) -> RecipeT:
    """A task's recipe with mean and std filled in from the start weights where they are not set."""
    return recipe.model_copy(update={"data": normalised(recipe.data, model=recipe.model)})


def _attention(lines: BackboneLines) -> dict[str, AttentionFactory]:
    """Slot -> factory with the line's settings."""
    return {slot: _factory(Component.of(line)) for slot, line in lines.attention.items()}


def _factory(attention: Component) -> AttentionFactory:
    return lambda feature_map: ATTENTION.build(attention, feature_map=feature_map)


def _load_start_weights(backbone: Backbone, lines: BackboneLines) -> None:
    """The file's tensors into the backbone; those for its attention's slots may be the plain network's, or none."""
    slots = [f"{slot}.*" for slot in backbone.slots]
    load_weights(
        backbone.body,
        read_weights(lines.weights, backbone=lines.backbone).tensors,
        expect_missing=[*lines.expect_missing, *slots],
        expect_unexpected=[*lines.expect_unexpected, *(slot for slot in slots if not slot.endswith(".attention.*"))],
    )
