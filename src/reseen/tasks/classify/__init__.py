"""Image classification: CIFAR-10/100, ImageNet and any folder of classes, with any attention of the table."""

from reseen.tasks.classify.build import load_classifier
from reseen.tasks.classify.evaluate import Classified, evaluate_finished_run, evaluate_run
from reseen.tasks.classify.recipe import ClassifyRecipe
from reseen.tasks.classify.scoring import ClassReport
from reseen.tasks.classify.task import CLASSIFICATION

__all__ = [
    "CLASSIFICATION",
    "ClassReport",
    "Classified",
    "ClassifyRecipe",
    "evaluate_finished_run",
    "evaluate_run",
    "load_classifier",
]
