"""Scene segmentation: Cityscapes and what has its layout, with any attention of the table after any stage."""

from reseen.tasks.segment.build import load_segmenter
from reseen.tasks.segment.evaluate import Segmented, evaluate_run
from reseen.tasks.segment.recipe import SegmentRecipe
from reseen.tasks.segment.scoring import SegmentReport
from reseen.tasks.segment.task import SEGMENTATION

__all__ = ["SEGMENTATION", "SegmentRecipe", "SegmentReport", "Segmented", "evaluate_run", "load_segmenter"]
