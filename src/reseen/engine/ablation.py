"""An ablation of any task: variants of a recipe, each trained with each seed, and their mean and spread."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Generic, NamedTuple

from reseen.engine.resumed import with_automatic_settings_of
from reseen.engine.run import Run, open_run
from reseen.engine.task import DataT, Task
from reseen.engine.train import train_task
from reseen.errors import ReseenError
from reseen.files import write_json, write_text
from reseen.progress import SILENT, Progress
from reseen.recipe.training import RecipeT, read_as


class Spread(NamedTuple):
    """Mean over seeds, and their sample standard deviation (None for a single seed)."""

    mean: float
    deviation: float | None

    def __str__(self) -> str:
        return f"{self.mean:.1%}" if self.deviation is None else f"{self.mean:.1%} ± {100 * self.deviation:.1f}"


class Row(NamedTuple):
    """One row over its seeds: scores by their names, and notes beside them."""

    name: str
    seeds: tuple[int, ...]
    scores: Mapping[str, Spread]
    notes: Mapping[str, str]


@dataclass(frozen=True)
class Ablation(Generic[RecipeT, DataT]):
    """How a task is ablated.

    ``variant(row, recipe)``: the recipe of a row; ReseenError for an unknown row.
    ``evaluate(run, *, progress)`` scores a run's best weights and saves the scores in the run as "trained".
    ``notes(row, run)``: notes beside the row's scores, by heading.
    ``remark(recipe)``: a line about what of the base recipe is left out in every row; "" for none.
    """

    task: Task[RecipeT, DataT]
    variant: Callable[[str, RecipeT], RecipeT]
    evaluate: Callable[..., object]
    notes: Callable[[str, Run], Mapping[str, str]]
    remark: Callable[[RecipeT], str] = lambda _recipe: ""


def run_ablation(
    ablation: Ablation[RecipeT, DataT],
    base: RecipeT,
    *,
    rows: Sequence[str],
    seeds: Sequence[int],
    data: Path | str,
    out: Path | str,
    progress: Progress = SILENT,
) -> list[Row]:
    """Train and score each of ``rows`` with each of ``seeds`` in ``out/ROW/seed-N``.

    Finished runs are not repeated; stopped ones continue. ``out/ablation.json`` and ``ablation.md`` hold the
    table and are written anew after each row. Raises ReseenError for an unknown or repeated row or seed, and for a
    finished run of other settings or data.
    """
    out, data = Path(out), Path(data)
    for kind, chosen in (("row", rows), ("seed", seeds)):
        if not chosen or len(set(chosen)) < len(chosen):
            raise ReseenError(f"expected at least one {kind}, each once, got {list(chosen)}")
    plan = {row: [_seeded(ablation, base, row=row, seed=seed) for seed in seeds] for row in rows}
    if remark := ablation.remark(base):
        progress.say(remark)
    table: list[Row] = []
    for name, recipes in plan.items():
        runs = [
            _finished(ablation, recipe, data=data, out=out / name / f"seed-{recipe.seed}", progress=progress)
            for recipe in recipes
        ]
        table.append(_row(ablation, name, seeds=seeds, runs=runs))
        write_json(out / "ablation.json", {"rows": [_plain(row) for row in table]})
        write_text(out / "ablation.md", markdown(table))
    return table


def markdown(table: Sequence[Row]) -> str:
    """The table for a document, scores in percent."""
    head = headings(table[0])
    lines = [head, tuple("---" for _ in head), *(cells(row) for row in table)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def headings(row: Row) -> tuple[str, ...]:
    """The headings of a row's cells."""
    return "row", "seeds", *row.scores, *row.notes


def cells(row: Row) -> tuple[str, ...]:
    """The cells of a row as text."""
    return row.name, ", ".join(map(str, row.seeds)), *map(str, row.scores.values()), *row.notes.values()


def _seeded(ablation: Ablation[RecipeT, DataT], base: RecipeT, *, row: str, seed: int) -> RecipeT:
    return ablation.task.resolve(ablation.variant(row, base).model_copy(update={"seed": seed}))


def _finished(ablation: Ablation[RecipeT, DataT], recipe: RecipeT, *, data: Path, out: Path, progress: Progress) -> Run:
    """The run at ``out``, trained and scored unless it is finished already."""
    if (out / "scores.json").exists():
        run = open_run(out)
        if not _is_of(recipe, run) or run.data()["path"] != str(data.resolve()):
            raise ReseenError(f"{out}: finished with other settings or data; choose another --out")
        return run
    out.parent.mkdir(parents=True, exist_ok=True)
    progress.say(f"{out.parent.name}, seed {recipe.seed}")
    run = train_task(ablation.task, recipe, data=data, out=out, resume=True, progress=progress).run
    ablation.evaluate(run, progress=progress)
    return run


def _is_of(recipe: RecipeT, run: Run) -> bool:
    """Whether a run has this recipe; its automatic settings are those that the run chose."""
    before = read_as(type(recipe), run.recipe_file)
    return with_automatic_settings_of(before, recipe) == before


def _row(ablation: Ablation[RecipeT, DataT], row: str, *, seeds: Sequence[int], runs: Sequence[Run]) -> Row:
    scored = [run.scores()["trained"] for run in runs]
    named = {key: name for key, name in ablation.task.metrics.items() if key in scored[0]}
    scores = {name: _spread([float(score[key]) for score in scored]) for key, name in named.items()}  # type: ignore[arg-type]
    return Row(row, tuple(seeds), scores, ablation.notes(row, runs[0]))


def _spread(scores: Sequence[float]) -> Spread:
    return Spread(fmean(scores), stdev(scores) if len(scores) > 1 else None)


def _plain(row: Row) -> dict[str, Any]:
    return {**row._asdict(), "scores": {words: spread._asdict() for words, spread in row.scores.items()}}
