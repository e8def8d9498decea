"""Scores of a segmenter: intersection over union of each class and their mean, by torchmetrics.

K = classes, H, W = height and width of an image.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassConfusionMatrix, MulticlassJaccardIndex

from reseen.data.loader import ordered_loader
from reseen.progress import Progress
from reseen.tasks.segment.build import build_labeller, evaluation_transform
from reseen.tasks.segment.classes import CLASS_NAMES, IGNORE
from reseen.tasks.segment.model import Segmenter
from reseen.tasks.segment.recipe import SegmentRecipe
from reseen.tasks.segment.scenes import Scenes, SceneSplits


class ClassRow(NamedTuple):
    """One class: its share of the pixels that count, and its intersection over union; None where it never occurs."""

    name: str
    share: float
    iou: float | None


@dataclass(frozen=True, eq=False)
class SegmentReport:
    """``confusion`` (K, K): pixels of the row's class predicted as the column's.

    ``miou`` is the mean over the classes that occur, in the labels or the predictions, as Cityscapes has it.
    ``inference`` says how images were labelled.
    """

    confusion: NDArray[np.int64]
    iou: NDArray[np.float64]
    miou: float
    accuracy: float
    images: int
    inference: str

    def scores(self) -> dict[str, float]:
        """The headline numbers, as fractions."""
        return {"mIoU": self.miou, "pixel_accuracy": self.accuracy}

    def per_class(self) -> list[ClassRow]:
        """One row a class, in order."""
        true, predicted = self.confusion.sum(axis=1), self.confusion.sum(axis=0)
        total = max(int(true.sum()), 1)
        return [
            ClassRow(name, int(true[k]) / total, float(self.iou[k]) if true[k] or predicted[k] else None)
            for k, name in enumerate(CLASS_NAMES)
        ]

    def as_dict(self) -> dict[str, object]:
        """Everything but the confusion matrix, as JSON values."""
        classes = {row.name: {"share": row.share, "iou": row.iou} for row in self.per_class()}
        return {**self.scores(), "pictures": self.images, "inference": self.inference, "classes": classes}


class Scorer:
    """Adds up label maps; in a distributed run each process those of its own images."""

    def __init__(self, *, fabric: Fabric, inference: str) -> None:
        several = fabric.world_size > 1  # after a distributed run the first process scores alone, and must not wait
        settings: dict[str, Any] = {"num_classes": len(CLASS_NAMES), "ignore_index": IGNORE, "sync_on_compute": several}
        self._metrics = MetricCollection(
            {
                "confusion": MulticlassConfusionMatrix(**settings),
                "iou": MulticlassJaccardIndex(**settings, average="none"),
                "miou": MulticlassJaccardIndex(**settings, average="macro"),
                "accuracy": MulticlassAccuracy(**settings, average="micro"),
            }
        ).to(fabric.device)
        self._fabric = fabric
        self._inference = inference

    def add(self, predicted: Tensor, labels: Tensor) -> None:
        """Add (B, H, W) predicted and true classes."""
        self._metrics.update(*self._fabric.to_device((predicted, labels)))

    def report(self, *, images: int) -> SegmentReport:
        """The report on everything that all processes added."""
        totals = self._metrics.compute()
        return SegmentReport(
            confusion=totals["confusion"].cpu().numpy().astype(np.int64),
            iou=totals["iou"].double().cpu().numpy(),
            miou=float(totals["miou"]),
            accuracy=float(totals["accuracy"]),
            images=images,
            inference=self._inference,
        )


def score_segmenter(
    model: nn.Module,
    splits: SceneSplits,
    recipe: SegmentRecipe,
    *,
    fabric: Fabric,
    progress: Progress,
    name: str = "validate",
) -> SegmentReport:
    """Score the validation scenes in evaluation mode, without flips; the model's mode is restored.

    Scenes are scored at their own size. Each process takes every world_size-th image.
    """
    was_training = model.training
    fabric.to_device(model)
    assert isinstance(model, Segmenter), "what build_segmenter built"
    labeller = build_labeller(model.eval(), recipe)
    scorer = Scorer(fabric=fabric, inference=how(recipe))
    scenes = Scenes(splits.val, transform=evaluation_transform(recipe))
    mine = list(range(fabric.global_rank, len(scenes), fabric.world_size))
    loader = ordered_loader(scenes, batch_size=recipe.evaluation.batch_size, workers=recipe.data.workers, indices=mine)
    with torch.inference_mode(), progress.bar(f"{name}: segment", total=len(mine)) as bar:
        for batch in loader:
            with fabric.autocast():
                predicted = labeller(fabric.to_device(batch.image))
            scorer.add(predicted, batch.labels)
            bar.advance(len(predicted))
    model.train(was_training)
    return scorer.report(images=len(scenes))


def how(recipe: SegmentRecipe) -> str:
    """The inference in words."""
    if recipe.evaluation.inference == "whole":
        return "whole images"
    height, width = recipe.data.image_size
    return f"windows of {height} x {width}, overlap {recipe.evaluation.overlap:.0%}"
