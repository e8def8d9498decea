"""The page of a classification run."""

from pathlib import Path
from typing import Any

from reseen.draw.encode import png_bytes, write_png
from reseen.engine.run import Run, open_run
from reseen.progress import SILENT, Progress
from reseen.recipe.training import read_as
from reseen.report import PageImage, Table
from reseen.report.sections import best_epoch
from reseen.report.task_page import training_image, write_task_page
from reseen.tasks.classify.choose.page import choice_section
from reseen.tasks.classify.confusion import plot_confusion
from reseen.tasks.classify.evaluate import Classified, evaluate_finished_run, evaluate_run
from reseen.tasks.classify.recipe import ClassifyRecipe
from reseen.tasks.classify.scoring import ClassReport, ClassRow
from reseen.tasks.classify.task import CLASSIFICATION

MOST_ROWS = 50
"""Classes on the page; the run's classes.json has all."""


def report_run(run: Run | Path | str, result: Classified | None = None, *, progress: Progress = SILENT) -> Path:
    """Write a run's page and its drawings from the ``result`` of its evaluation, which is made if left out."""
    run = open_run(run)
    report, splits = result or evaluate_run(run, progress=progress)
    figure = plot_confusion(report)
    write_png(run.path / "confusion.png", figure)
    recipe = read_as(ClassifyRecipe, run.recipe_file)
    write_task_page(
        run,
        task="classify",
        columns=CLASSIFICATION.metrics,
        summary=(
            f"{recipe.model.backbone} trained for {run.epochs_done()} epochs on "
            f"{len(splits.train.labels) - _held_out(run):,} images "
            f"of {len(splits.class_names)} classes ({splits.layout} layout), scored on "
            f"{len(splits.val.labels):,} others.{_chosen_on(run)}"
        ),
        images=[
            PageImage(
                "Confusion", "Rows: the true class; columns: the predicted one; a row is 100 %.", png_bytes(figure)
            ),
            training_image(run, score="top1", words="top-1"),
        ],
        tables=[_classes(report)],
        sections=[choice_section(run)],
    )
    return run.report_file


def report_finished_run(run: Run, *, progress: Progress = SILENT) -> Path:
    """`report_run` of a training that has just ended: where its recipe says so, its network is chosen first."""
    return report_run(run, evaluate_finished_run(run, progress=progress), progress=progress)


def _held_out(run: Run) -> int:
    """How many of the data's training images validated instead."""
    facts: Any = run.data()
    return int(facts["held_out"]["images"]) if "held_out" in facts else 0


def _chosen_on(run: Run) -> str:
    """On what the epoch was chosen, with a space before it."""
    held_out, scored = _held_out(run), sum("top1" in row for row in run.metrics())
    if not held_out:
        return best_epoch(run, "top1")
    choice = f", on which the best of {scored} scored epochs was chosen" if scored > 1 else ""
    return f" {held_out:,} more training images were held out for validation{choice}."


def _classes(report: ClassReport) -> Table:
    rows = sorted(report.per_class(), key=lambda row: (row.recall is None, row.recall))
    hidden = len(rows) - MOST_ROWS
    return Table(
        "Each class",
        ("class", "pictures", "recall", "precision"),
        [_cells(row) for row in rows[:MOST_ROWS]],
        caption="Lowest recall first" + (f"; {hidden} more in classes.json." if hidden > 0 else "."),
    )


def _cells(row: ClassRow) -> tuple[str, ...]:
    shares = ("none" if share is None else f"{share:.1%}" for share in (row.recall, row.precision))
    return row.name, f"{row.images:,}", *shares
