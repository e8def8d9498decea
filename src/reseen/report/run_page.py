"""The page of a run, from what its folder holds: report.html, and its drawings beside it in pictures/."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from reseen.engine.run import Run, open_run
from reseen.progress import Progress, Silent
from reseen.report.choice import choice_of, choice_section
from reseen.report.drawings import DRAWINGS, scored_systems
from reseen.report.images import PageImage
from reseen.report.page import Page, Section, write_page
from reseen.report.run_drawings import draw_run, save_images
from reseen.report.saved_maps import saved_maps
from reseen.report.saved_scores import saved_scores
from reseen.report.scores import ScoreRow, interval_ends, score_section
from reseen.report.sections import (
    best_epoch,
    command_of,
    command_section,
    data_of,
    environment_of,
    environment_section,
    recipe_section,
    recipe_text,
)
from reseen.tasks.reid.model_settings import Model
from reseen.tasks.reid.recipe import recipe_of
from reseen.tasks.reid.results import intervals_of
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from reseen.tasks.reid.scoring import Evaluated


def report_run(
    run: Run | Path | str,
    result: Evaluated | None = None,
    *,
    data: Path | str | None = None,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a run's page and, in ``pictures/`` of the run, its drawings as files.

    Args:
        run: A run directory.
        result: What `reseen.evaluate` returned for this run; read back from the run if left out.
        data: The folder of the images, if they have moved since the run was trained.
        out: The page to write; ``report.html`` in the run if left out.
        progress: Where to show progress; silent if left out.

    Returns:
        The path of the page.

    Raises:
        ReseenError: The folder is no run, or its embeddings were made from other images than these data.

    Example:
        ```python
        # not run: needs a trained run
        page = reseen.report_run("runs/market")
        ```
    """
    run = run if isinstance(run, Run) else open_run(Path(run))
    progress = progress or Silent()
    result = result or saved_evaluation(run, data=data, progress=progress)
    drawn = draw_run(run, result, progress=progress)
    save_images(run.images, drawn)
    path = run.report_file if out is None else Path(out)
    page = Page(
        title=f"reseen: {'/'.join(run.path.resolve().parts[-2:])}",
        summary=_summary(run, result),
        scores=score_section(_score_rows(run, result), settings=result.report.settings),
        images=_images(run, drawn),
        sections=[
            choice_section(choice_of(run)),
            Section("Explanations, scored", saved_scores(run)),
            data_of(run, result.splits),
            command_section([command_of(run)]),
            recipe_section(recipe_text(run)),
            environment_section(environment_of(run)),
        ],
    )
    write_page(path, page)
    return path


def _images(run: Run, drawn: Mapping[str, PageImage]) -> list[PageImage]:
    """Sheets, maps of explanations, plots."""
    sheets, plots = ([drawn[name] for name in drawn if DRAWINGS[name].sheet is sheet] for sheet in (True, False))
    return [*sheets, *saved_maps(run), *plots]


def _score_rows(run: Run, result: Evaluated) -> list[ScoreRow]:
    """The systems scored so far; that of ``result`` with its intervals."""
    return [
        ScoreRow.of(name, result.report, intervals=interval_ends(intervals_of(result)))
        if name == result.name
        else ScoreRow(name, row, evaluated=row["evaluated"], skipped=row["skipped"])
        for name, row in scored_systems(run, result.name).items()
    ]


def _summary(run: Run, result: Evaluated) -> str:
    """What was trained on what and how it was tested; a warning where the test chose the best epoch."""
    recipe, train, held_out = recipe_of(run), result.splits.train, _held_out(run)
    images, identities = len(train) - held_out.images, len(train.identity_names) - held_out.identities
    return (
        f"{_model_name(recipe.model)} trained for {run.epochs_done()} epochs on {images:,} images of {identities:,} "
        f"identities ({result.splits.layout} layout), then tested on {len(result.query):,} queries and a gallery of "
        f"{len(result.gallery):,} images, of identities that it was not trained on.{_chosen_on(run)}"
    )


def _chosen_on(run: Run) -> str:
    """On what epochs and network were chosen, with a space before it."""
    held_out = _held_out(run)
    if not held_out.identities:
        return best_epoch(run, "mAP", chosen_on="query and gallery")
    what = "The epoch was" if choice_of(run) is None else "Epoch and network were"
    return f" {what} chosen on {held_out.identities:,} other identities, held out of the training set."


class _HeldOut(NamedTuple):
    identities: int = 0
    images: int = 0


def _held_out(run: Run) -> _HeldOut:
    """How many training identities, and images of them, chose epoch and network instead of being trained on."""
    facts: Any = run.data().get("held_out")
    return _HeldOut(len(facts["identities"]), facts["images"]) if facts else _HeldOut()


def _model_name(model: Model) -> str:
    """The model by its name, else by its backbone and the attention in it."""
    attention = ", ".join(dict.fromkeys(line["name"] for line in model.attention.values()))
    return model.name or f"{model.backbone} with {attention}".removesuffix(" with ")
