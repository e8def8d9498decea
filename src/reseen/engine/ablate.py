"""`ablate`: one recipe with several models and seeds, each trained and scored, and a table of mean and spread."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

from reseen.engine.build import resolved
from reseen.engine.evaluate import evaluate_run
from reseen.engine.files import write_json, write_text
from reseen.engine.model_section import NAMED
from reseen.engine.paper import PAPER_SCORES, PaperScore
from reseen.engine.progress import Progress, Silent
from reseen.engine.recipe import Recipe, read_recipe, recipe_from
from reseen.engine.run import Run, open_run
from reseen.engine.train import train
from reseen.errors import ReseenError, unknown

METADATA = "+metadata"
"""What ends the name of a row whose model learns cameras and views."""
KEPT = ("weights", "pooling", "expect_missing", "expect_unexpected")
"""Lines of the recipe's [model] that every row keeps."""


class Spread(NamedTuple):
    """Mean over seeds, and their sample standard deviation (None for a single seed)."""

    mean: float
    deviation: float | None


class Row(NamedTuple):
    """One model: its scores over the seeds, the paper's where it prints some, and what differs from the paper."""

    name: str
    seeds: tuple[int, ...]
    mean_average_precision: Spread
    rank1: Spread
    paper: PaperScore | None
    differs: str


def ablate(
    recipe: Recipe | Path | str,
    *,
    rows: Sequence[str],
    seeds: Sequence[int],
    data: Path | str,
    out: Path | str,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> list[Row]:
    """Train and score the model of each of ``rows`` with each of ``seeds`` in ``out/ROW/seed-N``.

    A row is the name of a model that takes the place of the recipe's, or that name and ``+metadata``. What is
    finished is not done again; what was stopped goes on. ``out/ablation.json`` and ``ablation.md`` hold the table
    and are written anew after each row. Raises ReseenError for an unknown or repeated row or seed, and for a
    finished run of other settings or data.
    """
    base = recipe if isinstance(recipe, Recipe) else read_recipe(recipe, overrides=overrides)
    out, data = Path(out), Path(data)
    _check(rows, seeds)
    recipes = {row: [_recipe_of(row, base, seed) for seed in seeds] for row in rows}
    table: list[Row] = []
    for row, planned in recipes.items():
        runs = [_finished(one, data, out / row / f"seed-{one.seed}", progress=progress or Silent()) for one in planned]
        table.append(_row(row, seeds, runs))
        write_json(out / "ablation.json", {"rows": [_plain(entry) for entry in table]})
        write_text(out / "ablation.md", markdown(table))
    return table


def markdown(table: Sequence[Row]) -> str:
    """The table for a document, scores in percent."""
    lines = ["| row | seeds | mAP | rank-1 | paper mAP / rank-1 | what differs |", "|---|---|---|---|---|---|"]
    lines += [f"| {' | '.join(cells(row))} |" for row in table]
    return "\n".join(lines) + "\n"


def cells(row: Row) -> tuple[str, ...]:
    """A row as text."""
    paper = row.paper
    printed = f"{paper.mean_average_precision:.2%} / {paper.rank1:.2%} ({paper.source})" if paper else "-"
    seeds = ", ".join(map(str, row.seeds))
    return row.name, seeds, _percent(row.mean_average_precision), _percent(row.rank1), printed, row.differs


def _check(rows: Sequence[str], seeds: Sequence[int]) -> None:
    for kind, given in (("row", rows), ("seed", seeds)):
        if not given or len(set(given)) < len(given):
            raise ReseenError(f"expected at least one {kind}, each once, got {list(given)}")
    for row in rows:
        if row.removesuffix(METADATA) not in NAMED:
            raise ReseenError(unknown("model", row.removesuffix(METADATA), NAMED))


def _recipe_of(row: str, base: Recipe, seed: int) -> Recipe:
    raw = base.model_dump(mode="json", exclude_none=True)
    model = {key: raw["model"][key] for key in KEPT} | {"name": row.removesuffix(METADATA)}
    if row.endswith(METADATA):
        model["metadata"] = raw["model"].get("metadata", {})
    return resolved(recipe_from({**raw, "model": model, "seed": seed}, name=row))


def _finished(recipe: Recipe, data: Path, out: Path, *, progress: Progress) -> Run:
    """The run at ``out``, trained and scored now or before."""
    if (out / "scores.json").exists():
        run = open_run(out)
        if run.recipe() != recipe or run.data()["path"] != str(data.resolve()):
            raise ReseenError(f"{out}: finished with other settings or data; choose another --out")
        return run
    out.parent.mkdir(parents=True, exist_ok=True)
    progress.say(f"{out.parent.name}, seed {recipe.seed}")
    run = train(recipe, data=data, out=out, resume=True, progress=progress).run
    evaluate_run(run, progress=progress)
    return run


def _row(name: str, seeds: Sequence[int], runs: Sequence[Run]) -> Row:
    scores = [run.scores()["trained"] for run in runs]
    paper, differs = _against_paper(name, runs[0])
    return Row(
        name=name,
        seeds=tuple(seeds),
        mean_average_precision=_spread([float(score["mAP"]) for score in scores]),  # type: ignore[arg-type]
        rank1=_spread([float(score["rank1"]) for score in scores]),  # type: ignore[arg-type]
        paper=paper,
        differs=differs,
    )


def _against_paper(name: str, run: Run) -> tuple[PaperScore | None, str]:
    """The paper's score on the same data, or its first, and in words what was otherwise there."""
    printed = PAPER_SCORES.get(name, ())
    if not printed:
        return None, "no such row in the papers"
    facts: Any = run.data()
    pictures, recipe = facts["pictures"]["train"], run.recipe()
    paper = next((score for score in printed if score.pictures == pictures), printed[0])
    ours, theirs = recipe.data.image_size, paper.image_size
    differences = [
        (pictures != paper.pictures, f"{pictures:,} training pictures of {Path(facts['path']).name}, not {paper.data}"),
        (recipe.training.epochs != paper.epochs, f"epochs: {recipe.training.epochs}, not {paper.epochs}"),
        (ours != theirs, f"{ours[0]} x {ours[1]}, not {theirs[0]} x {theirs[1]}"),
        (recipe.model.weights == "none", "random start weights, not ImageNet's"),
    ]
    return paper, "; ".join(text for differs, text in differences if differs) or "nothing known"


def _spread(scores: Sequence[float]) -> Spread:
    return Spread(fmean(scores), stdev(scores) if len(scores) > 1 else None)


def _percent(spread: Spread) -> str:
    return f"{spread.mean:.1%}" if spread.deviation is None else f"{spread.mean:.1%} ± {100 * spread.deviation:.1f}"


def _plain(row: Row) -> dict[str, Any]:
    return {
        **row._asdict(),
        "mean_average_precision": row.mean_average_precision._asdict(),
        "rank1": row.rank1._asdict(),
        "paper": row.paper._asdict() if row.paper else None,
    }
