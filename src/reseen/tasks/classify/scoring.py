"""Scores of a classifier: top-1 and top-5 by torchmetrics, each class's own, and the confusion matrix.

N = images, K = classes.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_confusion_matrix

from reseen.engine.embed import collect
from reseen.progress import Progress
from reseen.tasks.classify.build import evaluation_transform
from reseen.tasks.classify.classes import ClassSplits, LabelledImages
from reseen.tasks.classify.recipe import ClassifyRecipe

TOP = 5


class ClassRow(NamedTuple):
    """One class; None where it has no images (recall) or is never predicted (precision)."""

    name: str
    images: int
    recall: float | None
    precision: float | None


def _as_dict(row: ClassRow) -> dict[str, object]:
    return {"name": row.name, "pictures": row.images, "recall": row.recall, "precision": row.precision}


@dataclass(frozen=True, eq=False)
class ClassReport:
    """``confusion`` (K, K): images of the row's class predicted as the column's. ``top5`` None for up to 5 classes."""

    class_names: tuple[str, ...]
    confusion: NDArray[np.int64]
    top1: float
    top5: float | None

    def scores(self) -> dict[str, float]:
        """The headline numbers, as fractions."""
        return {"top1": self.top1} | ({} if self.top5 is None else {"top5": self.top5})

    def as_dict(self) -> dict[str, object]:
        """Plain values, as a JSON file holds them."""
        return {**self.scores(), "classes": {row.name: _as_dict(row) for row in self.per_class()}}

    def per_class(self) -> list[ClassRow]:
        """One row a class, in order."""
        right, true, predicted = self.confusion.diagonal(), self.confusion.sum(axis=1), self.confusion.sum(axis=0)
        return [
            ClassRow(name, int(true[k]), _share(right[k], true[k]), _share(right[k], predicted[k]))
            for k, name in enumerate(self.class_names)
        ]


def report_on(logits: Tensor, labels: Tensor, *, class_names: tuple[str, ...]) -> ClassReport:
    """(N, K), (N,) -> the report."""
    classes = len(class_names)
    confusion = multiclass_confusion_matrix(logits, labels, num_classes=classes)
    top1, top5 = (
        float(multiclass_accuracy(logits, labels, num_classes=classes, average="micro", top_k=k))
        if k < classes
        else None
        for k in (1, TOP)
    )
    assert top1 is not None, "there are two classes at least"
    return ClassReport(class_names, confusion.numpy(), top1, top5)


def score_classifier(
    model: nn.Module,
    splits: ClassSplits,
    recipe: ClassifyRecipe,
    *,
    fabric: Fabric,
    progress: Progress,
    name: str = "validate",
) -> ClassReport:
    """Score the validation images in evaluation mode; the model's mode is restored."""
    was_training = model.training
    model = fabric.to_device(model).eval()
    logits = collect(
        lambda batch: model(batch.image),
        LabelledImages(splits.val, transform=evaluation_transform(recipe)),
        fabric=fabric,
        batch_size=recipe.evaluation.batch_size,
        workers=recipe.data.workers,
        progress=progress,
        description=f"{name}: classify",
    )
    model.train(was_training)
    return report_on(logits, torch.from_numpy(splits.val.labels), class_names=splits.class_names)


def chance(splits: ClassSplits) -> float:
    """Top-1 of always predicting the most frequent training class."""
    most = np.bincount(splits.train.labels).argmax()
    return float((splits.val.labels == most).mean())


def _share(part: int, whole: int) -> float | None:
    return int(part) / int(whole) if whole else None
