"""Ablation by attention: the same network without any, and with each of the table in the recipe's slots."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from reseen.attention import ATTENTIONS
from reseen.engine.ablation import Ablation, Row, run_ablation
from reseen.errors import ReseenError, unknown
from reseen.progress import SILENT, Progress
from reseen.recipe.training import RecipeT, TrainingRecipe, read_as, recipe_as, task_of
from reseen.tasks import classify, segment
from reseen.tasks.reid.ablate import ABLATION, TRAINED_ALONE

BASELINE = "baseline"
"""The row without attention."""


def ablate(
    recipe: TrainingRecipe | Path | str,
    *,
    rows: Sequence[str],
    seeds: Sequence[int],
    data: Path | str,
    out: Path | str,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> list[Row]:
    """Train and score variants of a recipe, of any task, with several seeds.

    Finished runs are not repeated; stopped ones continue. In re-ID and in classification each row is scored with its
    trained network, so ``validation.choose`` is false in its runs.

    Args:
        recipe: A recipe, a TOML file, or the name of a recipe that comes with reseen.
        rows: The variants. In re-ID the names of models, or such a name and "+metadata". In classification and
            segmentation "baseline" and names of attentions, which take the recipe's slots, or come after every stage.
        seeds: Each row is trained with each of them.
        data: The data set.
        out: The folder for all runs, ``ablation.json`` and ``ablation.md``.
        overrides: Settings of the recipe to change, such as "training.epochs=20".
        progress: Shows bars and lines; None for none.

    Returns:
        One row a variant, with mean and spread over the seeds.

    Raises:
        ReseenError: An unknown or repeated row or seed, or a finished run of other settings or data.

    Example (not run):
        ```python
        ablate("demo", rows=["efficientnet_lite0"], seeds=[0, 1], data="demo/data", out="runs/light")
        ```
    """
    task = recipe.task if isinstance(recipe, TrainingRecipe) else task_of(recipe)
    if task not in ABLATIONS:
        raise ReseenError(f"{recipe}: task: {unknown('task', task, ABLATIONS)}")
    ablation = ABLATIONS[task]
    base = (
        recipe
        if isinstance(recipe, TrainingRecipe)
        else read_as(ablation.task.recipe_type, recipe, overrides=overrides)
    )
    return run_ablation(ablation, base, rows=rows, seeds=seeds, data=data, out=out, progress=progress or SILENT)


def with_attention(row: str, base: RecipeT) -> RecipeT:
    """The recipe with another attention, which keeps those of the present one's settings that it has too."""
    if row != BASELINE and row not in ATTENTIONS:
        raise ReseenError(unknown("attention", row, (BASELINE, *ATTENTIONS)))
    raw: dict[str, Any] = base.as_written()
    before = raw["model"]["attention"] or {"every_stage": {}}
    lines = {} if row == BASELINE else {slot: _line(row, line) for slot, line in before.items()}
    return recipe_as(type(base), {**raw, "model": {**raw["model"], "attention": lines}}, name=row)


def _classify_with_attention(row: str, base: classify.ClassifyRecipe) -> classify.ClassifyRecipe:
    """As `with_attention`, and the trained network is scored, even where an untrained one could be handed over."""
    recipe = with_attention(row, base)
    return recipe.model_copy(update={"validation": recipe.validation.model_copy(update={"choose": False})})


def _line(name: str, line: Mapping[str, object]) -> dict[str, object]:
    has = inspect.signature(ATTENTIONS[name]).parameters
    return {"name": name, **{key: value for key, value in line.items() if key in has}}


def _no_notes(_row: str, _run: object) -> Mapping[str, str]:
    return {}


ABLATIONS: Mapping[str, Ablation[Any, Any]] = MappingProxyType(
    {
        "reid": ABLATION,
        "classify": Ablation(
            classify.CLASSIFICATION,
            _classify_with_attention,
            classify.evaluate_run,
            _no_notes,
            lambda recipe: TRAINED_ALONE if recipe.validation.choose else "",
        ),
        "segment": Ablation(segment.SEGMENTATION, with_attention, segment.evaluate_run, _no_notes),
    }
)
"""Task of a recipe -> how it is ablated."""
