"""Image classification as a task of the engine."""

from collections.abc import Mapping
from types import MappingProxyType

from lightning_fabric import Fabric
from torch import nn

from reseen.engine.checkpoint import Card
from reseen.engine.pretrained import resolved_to_train
from reseen.engine.task import begin_at_once
from reseen.progress import Progress
from reseen.tasks.classify.build import build_components
from reseen.tasks.classify.classes import ClassSplits
from reseen.tasks.classify.load import load_data
from reseen.tasks.classify.recipe import ClassifyRecipe
from reseen.tasks.classify.scoring import score_classifier
from reseen.tasks.classify.validation import prepare


class Classification:
    """Cross-entropy over classes; the weights of the best top-1 are saved."""

    recipe_type = ClassifyRecipe
    metrics: Mapping[str, str] = MappingProxyType({"top1": "top-1", "top5": "top-5"})
    monitor = "top1"
    resolve = staticmethod(resolved_to_train)
    load_data = staticmethod(load_data)
    prepare = staticmethod(prepare)
    build = staticmethod(build_components)
    begin = staticmethod(begin_at_once)

    def every_parameter_used(self, _recipe: ClassifyRecipe) -> bool:
        """Each parameter gets a gradient in each step."""
        return True

    def scored_images(self, _recipe: ClassifyRecipe, data: ClassSplits) -> int:
        """The validation images."""
        return len(data.val.labels)

    def score(
        self, model: nn.Module, data: ClassSplits, recipe: ClassifyRecipe, *, fabric: Fabric, progress: Progress
    ) -> dict[str, float]:
        """Score the model on the validation images."""
        return score_classifier(model, data, recipe, fabric=fabric, progress=progress).scores()

    def card(self, recipe: ClassifyRecipe, data: ClassSplits, *, score: float) -> Card:
        """The recipe and the names of the classes."""
        return Card(recipe.on_card(), num_identities=None, score=score, class_names=data.class_names)


CLASSIFICATION = Classification()
