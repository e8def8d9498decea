"""The ablation of re-identification: rows are models by name, and the papers' scores stand beside ours."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reseen.data.table import Splits
from reseen.engine.ablation import Ablation, Row, run_ablation
from reseen.engine.run import Run
from reseen.errors import ReseenError, unknown
from reseen.models import MODELS
from reseen.progress import SILENT, Progress
from reseen.recipe.files import shipped_recipes
from reseen.tasks.reid.evaluate import evaluate_run
from reseen.tasks.reid.papers import PAPER_SCORES, PaperScore
from reseen.tasks.reid.recipe import Recipe, read_recipe, recipe_from, recipe_of
from reseen.tasks.reid.task import REIDENTIFICATION

METADATA = "+metadata"
"""The end of a row's name whose model learns cameras and views."""
TRAINED_ALONE = "an ablation compares trained networks, so validation.choose is false in each of its runs"
"""What a user is told whose recipe would choose a network."""
KEPT = ("weights", "pooling", "expect_missing", "expect_unexpected")
"""Lines of the recipe's [model] that every row keeps."""


def ablate(
    recipe: Recipe | Path | str,
    *,
    rows: Sequence[str],
    seeds: Sequence[int],
    data: Path | str,
    out: Path | str,
    overrides: Sequence[str] = (),
    progress: Progress = SILENT,
) -> list[Row]:
    """Train and score the model of each of ``rows`` with each of ``seeds``; see `run_ablation`.

    A row is the name of a model that takes the place of the recipe's, or that name and ``+metadata``; or the name of a
    shipped recipe, whose network does, at random where this one's begins at random.
    Each row is scored with its trained network: ``validation.choose`` is false in its runs.
    """
    base = recipe if isinstance(recipe, Recipe) else read_recipe(recipe, overrides=overrides)
    return run_ablation(ABLATION, base, rows=rows, seeds=seeds, data=data, out=out, progress=progress)


def _variant(row: str, base: Recipe) -> Recipe:
    name = row.removesuffix(METADATA)
    raw = base.as_written()
    raw = {**raw, "validation": {**raw["validation"], "choose": False, "train_on_all": False}}
    if name in shipped_recipes():
        model = read_recipe(name).model.model_dump(mode="json", exclude_none=True)
        random = {"weights": "none"} if raw["model"]["weights"] == "none" else {}
        return recipe_from({**raw, "model": {**model, **random}}, name=row)
    if name not in MODELS:
        raise ReseenError(f"{unknown('model', name, MODELS)}; or the name of a recipe, whose network it is")
    model = {key: raw["model"][key] for key in KEPT} | {"name": name}
    if row.endswith(METADATA):
        model["metadata"] = raw["model"].get("metadata", {})
    return recipe_from({**raw, "model": model}, name=row)


def _remark(base: Recipe) -> str:
    """Where the untrained network could be handed over, its score would hide what a row's model adds by training."""
    if not base.validation.choose:
        return ""
    return TRAINED_ALONE


def _notes(name: str, run: Run) -> Mapping[str, str]:
    paper, differs = _against_paper(name, run)
    printed = f"{paper.mean_average_precision:.2%} / {paper.rank1:.2%} ({paper.source})" if paper else "-"
    return {"paper mAP / rank-1": printed, "what differs": differs}


def _against_paper(name: str, run: Run) -> tuple[PaperScore | None, str]:
    """The paper's score on the same data, or its first, and the differences of its setting in words."""
    printed = PAPER_SCORES.get(name, ())
    if not printed:
        return None, "no such row in the papers"
    facts: Any = run.data()
    images, recipe = facts["pictures"]["train"], recipe_of(run)
    paper = next((score for score in printed if score.images == images), printed[0])
    ours, theirs = recipe.data.image_size, paper.image_size
    differences = [
        (images != paper.images, f"{images:,} training images of {Path(facts['path']).name}, not {paper.data}"),
        (recipe.training.epochs != paper.epochs, f"epochs: {recipe.training.epochs}, not {paper.epochs}"),
        (ours != theirs, f"{ours[0]} x {ours[1]}, not {theirs[0]} x {theirs[1]}"),
        (recipe.model.weights == "none", "random start weights, not ImageNet's"),
    ]
    return paper, "; ".join(text for differs, text in differences if differs) or "nothing known"


ABLATION: Ablation[Recipe, Splits] = Ablation(REIDENTIFICATION, _variant, evaluate_run, _notes, _remark)
