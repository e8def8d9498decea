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
from reseen.tasks.reid.ablate import ABLATION

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
    """Train and score each of ``rows`` with each of ``seeds``, of any task; see `run_ablation`.

    In re-identification a row is the name of a model that takes the place of the recipe's, or that name and
    ``+metadata``. In classification and segmentation it is "baseline" or the name of an attention, which takes the
    recipe's slots, or where it has none comes after every stage.
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
    raw: dict[str, Any] = base.model_dump(mode="json", exclude_none=True)
    before = raw["model"]["attention"] or {"every_stage": {}}
    lines = {} if row == BASELINE else {slot: _line(row, line) for slot, line in before.items()}
    return recipe_as(type(base), {**raw, "model": {**raw["model"], "attention": lines}}, name=row)


def _line(name: str, line: Mapping[str, object]) -> dict[str, object]:
    has = inspect.signature(ATTENTIONS[name]).parameters
    return {"name": name, **{key: value for key, value in line.items() if key in has}}


def _no_notes(_row: str, _run: object) -> Mapping[str, str]:
    return {}


ABLATIONS: Mapping[str, Ablation[Any, Any]] = MappingProxyType(
    {
        "reid": ABLATION,
        "classify": Ablation(classify.CLASSIFICATION, with_attention, classify.evaluate_run, _no_notes),
        "segment": Ablation(segment.SEGMENTATION, with_attention, segment.evaluate_run, _no_notes),
    }
)
"""Task of a recipe -> how it is ablated."""
