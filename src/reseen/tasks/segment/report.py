"""The page of a segmentation run."""

from pathlib import Path

from reseen.draw.encode import jpeg_bytes, write_png
from reseen.engine.run import Run, open_run
from reseen.progress import SILENT, Progress
from reseen.recipe.training import read_as
from reseen.report import PageImage, Table
from reseen.report.sections import best_epoch
from reseen.report.task_page import training_image, write_task_page
from reseen.tasks.segment.evaluate import Segmented, evaluate_run
from reseen.tasks.segment.recipe import SegmentRecipe
from reseen.tasks.segment.scoring import SegmentReport
from reseen.tasks.segment.sheet import scene_sheet
from reseen.tasks.segment.task import SEGMENTATION

CAPTION = (
    "Validation scenes, evenly spread over the set: as they are, with the colours of their labels, and with those "
    "of the classes found. What is ignored keeps the image's own colours among the labels."
)


def report_run(run: Run | Path | str, result: Segmented | None = None, *, progress: Progress = SILENT) -> Path:
    """Write a run's page and its drawings from the ``result`` of its evaluation, which is made if left out."""
    run = open_run(run)
    report, splits = result or evaluate_run(run, progress=progress)
    sheet = scene_sheet(run, splits.val)
    write_png(run.path / "sheet.png", sheet)
    recipe = read_as(SegmentRecipe, run.recipe_file)
    write_task_page(
        run,
        task="segment",
        columns=SEGMENTATION.metrics,
        summary=(
            f"{recipe.model.backbone} with the head {recipe.model.head['name']} trained for {run.epochs_done()} "
            f"epochs on {len(splits.train):,} scenes, scored on {len(splits.val):,} others, "
            f"{report.inference}.{best_epoch(run, 'mIoU')}"
        ),
        images=[
            PageImage("What it finds", CAPTION, jpeg_bytes(sheet)),
            training_image(run, score="mIoU", words="mIoU"),
        ],
        tables=[_classes(report)],
    )
    return run.report_file


def _classes(report: SegmentReport) -> Table:
    rows = sorted(report.per_class(), key=lambda row: (row.iou is None, row.iou))
    return Table(
        "Each class",
        ("class", "share of pixels", "intersection over union"),
        [(row.name, f"{row.share:.2%}", "never occurs" if row.iou is None else f"{row.iou:.1%}") for row in rows],
        caption="Worst first. The mean is over the classes that occur, in the labels or among what was found.",
    )
