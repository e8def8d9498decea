"""Scene segmentation: Cityscapes and what has its layout, with any attention of the table after any stage."""

from types import MappingProxyType

from lightning_fabric import Fabric
from torch import nn

from reseen.engine.checkpoint import Card
from reseen.engine.task import Task
from reseen.progress import Progress
from reseen.tasks.segment.build import build_pieces, resolved
from reseen.tasks.segment.classes import CLASS_NAMES
from reseen.tasks.segment.intake import take_in
from reseen.tasks.segment.recipe import SegmentRecipe
from reseen.tasks.segment.scenes import SceneSplits
from reseen.tasks.segment.scoring import score_segmenter

__all__ = ["SEGMENTATION"]


def _score(
    model: nn.Module, splits: SceneSplits, recipe: SegmentRecipe, *, fabric: Fabric, progress: Progress
) -> dict[str, float]:
    return score_segmenter(model, splits, recipe, fabric=fabric, progress=progress).scores()


def _card(recipe: SegmentRecipe, _splits: SceneSplits, *, score: float) -> Card:
    return Card(recipe.model_dump(mode="json"), num_identities=None, score=score, class_names=CLASS_NAMES)


SEGMENTATION: Task[SegmentRecipe, SceneSplits] = Task(
    schema=SegmentRecipe,
    resolved=resolved,
    all_trained=lambda _: True,
    take_in=take_in,
    build=build_pieces,
    score=_score,
    card=_card,
    told=MappingProxyType({"mIoU": "mIoU", "pixel_accuracy": "pixel accuracy"}),
)
"""Cross-entropy of each pixel; the best mean intersection over union is kept."""
