"""report.html of the run of a task other than re-identification."""

from collections.abc import Mapping, Sequence
from typing import Any

from reseen.draw.curves import plot_training
from reseen.draw.encode import png_bytes, write_png
from reseen.engine.run import Run
from reseen.report.images import PageImage
from reseen.report.page import Page, Section, Table, write_page
from reseen.report.scores import ScoreRow, score_section
from reseen.report.sections import (
    command_of,
    command_section,
    environment_of,
    environment_section,
    recipe_section,
    recipe_text,
)


def write_task_page(
    run: Run,
    *,
    task: str,
    columns: Mapping[str, str],
    summary: str,
    images: Sequence[PageImage],
    tables: Sequence[Table] = (),
    sections: Sequence[Section] = (),
) -> None:
    """Write a run's page. ``columns``: score -> heading, of which those are shown that some system has.

    ``tables`` and then ``sections`` are the task's own; those that every run has follow them.
    """
    systems: Mapping[str, Mapping[str, Any]] = run.scores()
    shown = {key: heading for key, heading in columns.items() if any(key in row for row in systems.values())}
    page = Page(
        title=f"reseen {task}: {run.path.resolve().name}",
        summary=summary,
        scores=score_section([ScoreRow(name, row) for name, row in systems.items()], columns=shown),
        images=images,
        sections=[
            *(Section(table.title, [table]) for table in tables),
            *sections,
            command_section([command_of(run, task)]),
            recipe_section(recipe_text(run)),
            environment_section(environment_of(run)),
        ],
    )
    write_page(run.report_file, page)


def training_image(run: Run, *, score: str, words: str) -> PageImage:
    """The run's curves, also written beside the page as ``training.png``; ``words``: what the score is called."""
    figure = plot_training(run.metrics(), score=score, words=words)
    write_png(run.path / "training.png", figure)
    return PageImage("Training", f"Mean of each epoch; {words} after the epochs that were scored.", png_bytes(figure))
