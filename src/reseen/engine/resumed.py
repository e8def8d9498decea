"""The run directory that a training writes: free and new, or begun before with the same recipe on the same data."""

from collections.abc import Mapping
from pathlib import Path

from reseen.engine.distributed import step_in_words
from reseen.engine.environment import environment
from reseen.engine.loop import LoopParts
from reseen.engine.run import Run, check_new, create_run, open_run
from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.recipe.overrides import setting_at
from reseen.recipe.training import RecipeT, TrainingRecipe, read_as


def require_automatic_settings(recipe: TrainingRecipe) -> None:
    """Raise ReseenError for minutes in a recipe that has no automatic settings to fit them with."""
    if recipe.training.minutes is not None and not recipe.placeholders:
        raise ReseenError(
            f"training.minutes: recipes of the task '{recipe.task}' choose nothing from it; set training.epochs instead"
        )


def free_or_resumed(out: Path, recipe: RecipeT, *, resume: bool) -> RecipeT:
    """The recipe, with the automatic settings of the run that is resumed.

    Raises ReseenError unless a new run may be written to the folder, or it holds the one to resume.
    """
    if not (resume and (out / "recipe.toml").exists()):
        check_new(out)
        return recipe
    run = open_run(out)
    before = read_as(type(recipe), run.recipe_file)
    recipe = with_automatic_settings_of(before, recipe)
    _check_same_recipe(run, recipe, before=before)
    return recipe


def with_automatic_settings_of(before: TrainingRecipe, recipe: RecipeT) -> RecipeT:
    """The recipe with the values of its automatic settings in ``before``, the recipe of a run that chose them."""
    return recipe.filled({place: setting_at(before.as_written(), place) for place in recipe.automatic})


def run_directory(out: Path, recipe: TrainingRecipe, *, facts: Mapping[str, object], parts: LoopParts) -> Run:
    """Create or open the run; one that was killed before its facts were written gets them now."""
    run = open_run(out) if (out / "recipe.toml").exists() else create_run(out, recipe)
    if not run.environment_file.exists():
        step = step_in_words(parts, epochs=recipe.training.epochs)
        write_json(run.environment_file, {**environment(), "processes": str(parts.fabric.world_size), "steps": step})
    if not run.data_file.exists():
        write_json(run.data_file, facts)
    _check_same_data(run, facts)
    return run


def _check_same_recipe(run: Run, recipe: TrainingRecipe, *, before: TrainingRecipe) -> None:
    was, now = (settings.on_card() for settings in (before, recipe))
    changed = [name for name in now if now[name] != was[name]]
    if changed:
        raise ReseenError(
            f"{run.path}: resumed with another recipe: [{'], ['.join(changed)}] differ from {run.recipe_file.name}; "
            "resume with the same settings, or start a new run"
        )


def _check_same_data(run: Run, facts: Mapping[str, object]) -> None:
    before, now = run.data()["fingerprint"], facts["fingerprint"]
    if before != now:
        raise ReseenError(
            f"{run.path}: resumed on other data: fingerprint {now}, the run began on {before} "
            f"({run.data()['path']}); give the same data, or start a new run"
        )
