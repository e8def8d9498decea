"""Image classification: CIFAR-10/100, ImageNet and any folder of classes, with any attention of the table."""

from types import MappingProxyType

from lightning_fabric import Fabric
from torch import nn

from reseen.engine.checkpoint import Card
from reseen.engine.task import Task
from reseen.progress import Progress
from reseen.tasks.classify.build import build_pieces, resolved
from reseen.tasks.classify.classes import ClassSplits
from reseen.tasks.classify.intake import take_in
from reseen.tasks.classify.recipe import ClassifyRecipe
from reseen.tasks.classify.scoring import score_classifier

__all__ = ["CLASSIFICATION"]


def _score(
    model: nn.Module, splits: ClassSplits, recipe: ClassifyRecipe, *, fabric: Fabric, progress: Progress
) -> dict[str, float]:
    return score_classifier(model, splits, recipe, fabric=fabric, progress=progress).scores()


def _card(recipe: ClassifyRecipe, splits: ClassSplits, *, score: float) -> Card:
    return Card(recipe.model_dump(mode="json"), num_identities=None, score=score, class_names=splits.class_names)


CLASSIFICATION: Task[ClassifyRecipe, ClassSplits] = Task(
    schema=ClassifyRecipe,
    resolved=resolved,
    all_trained=lambda _: True,
    take_in=take_in,
    build=build_pieces,
    score=_score,
    card=_card,
    told=MappingProxyType({"top1": "top-1", "top5": "top-5"}),
)
"""Cross-entropy; the best top-1 is kept."""
