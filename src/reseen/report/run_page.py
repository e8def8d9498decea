"""The report of a run: what its folder holds, gathered into pictures and one page."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from reseen.data.summary import SplitSummary, summarise
from reseen.data.table import Splits
from reseen.engine.run import Run, open_run, read_json
from reseen.files import write_bytes
from reseen.progress import SILENT, Progress
from reseen.report.drawings import DRAWINGS, scored_systems
from reseen.report.page import ReportContent, ScoreRow, ends_of, write_report
from reseen.report.pictures import Picture, picture_of
from reseen.report.saved_maps import kept_maps
from reseen.report.saved_scores import kept_scores
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
    """Write a run's page and, beside it in ``pictures/``, its drawings; returns the page's path.

    ``result`` is what `reseen.evaluate` returned for this run; without it, what the run kept of that. ``data``: where
    the pictures are, should they have moved. ``out``: the page's path, ``report.html`` in the run unless given.
    """
    run = open_run(run)
    progress = progress or SILENT
    result = result or saved_evaluation(run, data=data, progress=progress)
    page = run.report_file if out is None else Path(out)
    pictures = draw_run(run, result, progress=progress)
    keep_pictures(run.pictures, pictures)
    sheets = [picture for name, picture in pictures.items() if DRAWINGS[name].sheet]
    plots = [picture for name, picture in pictures.items() if not DRAWINGS[name].sheet]
    content = ReportContent(
        title=f"reseen: {'/'.join(run.path.resolve().parts[-2:])}",
        systems=_score_rows(run, result),
        settings=result.report.settings,
        summary=_summary(run, result),
        pictures=[*sheets, *kept_maps(run), *plots],
        explanations=kept_scores(run),
        data=split_summaries(result.splits),
        data_facts=data_facts(run, result.splits),
        recipe=run.recipe_file.read_text(encoding="utf-8"),
        environment=environment_facts(run),
        command=command_again(run),
    )
    write_report(page, content)
    return page


def draw_run(
    run: Run, result: Evaluated, *, names: Sequence[str] = tuple(DRAWINGS), progress: Progress
) -> dict[str, Picture]:
    """The named drawings of a run in order, but for those that have nothing to show."""
    pictures = {}
    with progress.bar("draw", total=len(names)) as bar:
        for name in names:
            kind = DRAWINGS[name]
            drawing = kind.draw(run, result)
            if drawing is not None:
                pictures[name] = picture_of(drawing, title=kind.title, caption=kind.caption)
            bar.advance(note=kind.title)
    return pictures


def keep_pictures(folder: Path, pictures: Mapping[str, Picture]) -> None:
    """Write each picture as a file of its name; an earlier drawing that has nothing to show any more goes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        write_bytes(folder / f"{name}{picture.suffix}", picture.data)
    for name in DRAWINGS.keys() - pictures.keys():
        for old in folder.glob(f"{name}.*"):
            old.unlink()


def split_summaries(splits: Splits) -> list[SplitSummary]:
    """The three tables in numbers."""
    return [summarise(name, table) for name, table in splits.tables().items()]


def data_facts(run: Run, splits: Splits) -> dict[str, str]:
    """Which data these are, in words."""
    facts = run.data()
    return {
        "folder": f"{splits.root} ({splits.layout} layout)",
        "fingerprint": str(facts.get("fingerprint", "unknown")),
        "unreadable pictures left out": str(facts.get("skipped_unreadable", "unknown")),
    }


def environment_facts(run: Run) -> dict[str, str]:
    """What the run ran on, name -> value."""
    return {name: str(value) for name, value in read_json(run.environment_file).items()}


def command_again(run: Run) -> str:
    """What trains this run anew, beside it."""
    words = ["reseen", "train", str(run.recipe_file), "--data", str(run.data()["path"]), "--out", f"{run.path}-again"]
    return shlex.join(words)


def _score_rows(run: Run, result: Evaluated) -> list[ScoreRow]:
    """The systems scored so far; that of ``result`` with its intervals."""
    return [
        ScoreRow.of(name, result.report, intervals=ends_of(intervals_of(result)))
        if name == result.name
        else ScoreRow(name, row, evaluated=row["evaluated"], skipped=row["skipped"])
        for name, row in scored_systems(run, result.name).items()
    ]


def _summary(run: Run, result: Evaluated) -> str:
    """What was run, and a warning where the score flatters: the best epoch is chosen on the test set, as is usual."""
    recipe, scored = recipe_of(run), sum("mAP" in row for row in run.metrics())
    chosen = f" The best of {scored} scored epochs is shown, chosen on the same query and gallery." * (scored > 1)
    return (
        f"{_model_words(recipe.model)} trained for {recipe.training.epochs} epochs on {len(result.splits.train):,} "
        f"pictures of {len(result.splits.train.identity_names):,} identities ({result.splits.layout} layout), then "
        f"asked to find each of {len(result.query):,} queries among {len(result.gallery):,} gallery pictures of "
        f"individuals it has never seen.{chosen}"
    )


def _model_words(model: Model) -> str:
    """The model by its name, else by its backbone and the attention in it."""
    attention = ", ".join(dict.fromkeys(line["name"] for line in model.attention.values()))
    return model.name or f"{model.backbone} with {attention}".removesuffix(" with ")
