"""Scene segmentation as a task of the engine."""

from collections.abc import Mapping
from types import MappingProxyType

from lightning_fabric import Fabric
from torch import nn

from reseen.engine.checkpoint import Card
from reseen.engine.pretrained import resolved_to_train
from reseen.engine.task import as_loaded, begin_at_once
from reseen.progress import Progress
from reseen.tasks.segment.build import build_components
from reseen.tasks.segment.classes import CLASS_NAMES
from reseen.tasks.segment.load import load_data
from reseen.tasks.segment.recipe import SegmentRecipe
from reseen.tasks.segment.scenes import SceneSplits
from reseen.tasks.segment.scoring import score_segmenter


class Segmentation:
    """Cross-entropy of each pixel; the weights of the best mean intersection over union are saved."""

    recipe_type = SegmentRecipe
    metrics: Mapping[str, str] = MappingProxyType({"mIoU": "mIoU", "pixel_accuracy": "pixel accuracy"})
    monitor = "mIoU"
    resolve = staticmethod(resolved_to_train)
    load_data = staticmethod(load_data)
    prepare = staticmethod(as_loaded)
    build = staticmethod(build_components)
    begin = staticmethod(begin_at_once)

    def every_parameter_used(self, _recipe: SegmentRecipe) -> bool:
        """Each parameter gets a gradient in each step."""
        return True

    def scored_images(self, _recipe: SegmentRecipe, data: SceneSplits) -> int:
        """The validation scenes."""
        return len(data.val)

    def score(
        self, model: nn.Module, data: SceneSplits, recipe: SegmentRecipe, *, fabric: Fabric, progress: Progress
    ) -> dict[str, float]:
        """Score the model on the validation scenes."""
        return score_segmenter(model, data, recipe, fabric=fabric, progress=progress).scores()

    def card(self, recipe: SegmentRecipe, _data: SceneSplits, *, score: float) -> Card:
        """The recipe and the names of the classes."""
        return Card(recipe.on_card(), num_identities=None, score=score, class_names=CLASS_NAMES)


SEGMENTATION = Segmentation()
