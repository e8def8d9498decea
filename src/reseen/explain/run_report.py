"""The report of a run: what its folder holds, gathered into pictures and one page."""

import shlex
from pathlib import Path
from typing import Any

from reseen.data.table import Split, Splits
from reseen.engine.evaluate import evaluate_run
from reseen.engine.run import Run, open_run, read_json
from reseen.engine.scored import Evaluated
from reseen.explain.curves import plot_cmc, plot_training
from reseen.explain.encode import jpeg_bytes, png_bytes, write_png
from reseen.explain.pick import pick_queries
from reseen.explain.report import (
    DataRow,
    Picture,
    ReportContent,
    ScoreRow,
    cmc_picture,
    sheet_picture,
    training_picture,
    write_report,
)
from reseen.explain.sheet import ranked_sheet

SYSTEMS = ("histogram", "untrained", "trained")


def report_run(run: Run | Path | str, result: Evaluated | None = None, *, queries: int = 8, top: int = 10) -> Path:
    """Write a run's sheet, curves and ``report.html``; returns the page's path.

    ``result`` is what `reseen.evaluate` returned for this run; without it the run is evaluated again. The score table
    holds the systems scored so far.
    """
    run = run if isinstance(run, Run) else open_run(Path(run))
    result = result or evaluate_run(run)
    splits = result.splits
    if splits is None:
        raise ValueError("result: expected what evaluating this run returned, got that of two files of embeddings")
    systems = _systems(run, result)
    content = ReportContent(
        title=f"reseen: {run.path.resolve().name}",
        systems=[_score_row(name, row) for name, row in systems.items()],
        settings=result.report.settings,
        summary=_summary(run, result, splits),
        pictures=[
            _sheet(run, result, splits, queries=queries, top=top),
            *_curves(run, {name: row["cmc"] for name, row in systems.items()}),
        ],
        data=[_data_row(name, split) for name, split in zip(("train", "query", "gallery"), splits[2:5], strict=True)],
        recipe=run.recipe_file.read_text(encoding="utf-8"),
        environment={name: str(value) for name, value in read_json(run.environment_file).items()},
        command=_command(run),
    )
    write_report(run.report_file, content)
    return run.report_file


def _sheet(run: Run, result: Evaluated, splits: Splits, *, queries: int, top: int) -> Picture:
    """Drawn, kept beside the page as PNG, and embedded in it."""
    sheet = ranked_sheet(
        result.query,
        result.gallery,
        query_paths=splits.query.paths,
        gallery_paths=splits.gallery.paths,
        queries=pick_queries(result.report, count=queries),
        top=top,
        protocol=result.protocol,
    )
    write_png(run.path / "sheet.png", sheet)
    return sheet_picture(jpeg_bytes(sheet))


def _curves(run: Run, curves: dict[str, Any]) -> list[Picture]:
    """The same for the curves of the systems and of the training."""
    cmc, training = plot_cmc(curves), plot_training(run.metrics())
    for name, drawing in (("cmc", cmc), ("training", training)):
        write_png(run.path / f"{name}.png", drawing)
    return [cmc_picture(png_bytes(cmc)), training_picture(png_bytes(training))]


def _systems(run: Run, result: Evaluated) -> dict[str, dict[str, Any]]:
    """The score table in its order, and last the row of this result where it is none of these."""
    scores = run.scores()
    return {name: scores[name] for name in dict.fromkeys((*SYSTEMS, result.row)) if name in scores}


def _score_row(name: str, row: dict[str, Any]) -> ScoreRow:
    return ScoreRow(name, row, evaluated=row["evaluated"], skipped=row["skipped"])


def _data_row(name: str, split: Split) -> DataRow:
    return DataRow(
        name,
        images=len(split),
        identities=len(split.identity_names),
        cameras=len(split.camera_names) or None,
        views=len(split.view_names) or None,
    )


def _summary(run: Run, result: Evaluated, splits: Splits) -> str:
    """What was run, and a warning where the score flatters: the best epoch is chosen on the test set, as is usual."""
    recipe, scored = run.recipe(), sum("mAP" in row for row in run.metrics())
    chosen = f" The best of {scored} scored epochs is shown, chosen on the same query and gallery." * (scored > 1)
    return (
        f"{recipe.model.backbone} trained for {recipe.training.epochs} epochs on {len(splits.train)} pictures "
        f"of {len(splits.train.identity_names)} identities ({splits.layout} layout), then asked to find "
        f"each query among {len(result.gallery)} gallery pictures of individuals it has never seen.{chosen}"
    )


def _command(run: Run) -> str:
    words = ["reseen", "train", str(run.recipe_file), "--data", str(run.data()["path"]), "--out", f"{run.path}-again"]
    return shlex.join(words)
