"""From loaded data and a recipe that may leave settings to them, to what is trained and what is validated on."""

from lightning_fabric import Fabric

from reseen.data.table import Splits
from reseen.engine.distributed import in_first_process
from reseen.engine.task import Prepared, TrainingData
from reseen.errors import ReseenError
from reseen.progress import Progress
from reseen.tasks.reid.automatic.choices import CPU, GPU
from reseen.tasks.reid.automatic.facts import set_facts
from reseen.tasks.reid.automatic.fit import fit
from reseen.tasks.reid.automatic.speed import measure_speed
from reseen.tasks.reid.recipe import Recipe
from reseen.tasks.reid.validation import hold_out, validation_rules


def prepare(
    recipe: Recipe,
    loaded: TrainingData[Splits],
    *,
    fabric: Fabric,
    progress: Progress,
    held_out_trains: bool = False,
) -> Prepared[Recipe, Splits]:
    """Choose the automatic settings, say which and why, and set the held-out identities apart.

    ``held_out_trains``: they stay in the training set as well.
    """
    if recipe.training.minutes is not None and "training.epochs" not in recipe.automatic:
        progress.say(f"training.epochs is set to {recipe.training.epochs}, so training.minutes changes nothing")
    if recipe.automatic:
        recipe = in_first_process(fabric, lambda: _fitted(recipe, loaded.data, fabric=fabric, progress=progress))
    if not recipe.validation.identities:
        if recipe.validation.choose:
            progress.say("warning: no identities are held out, so nothing shows whether training helped")
        return Prepared(recipe, loaded)
    if recipe.validation.train_on_all and fabric.world_size > 1:
        raise ReseenError(
            f"validation.train_on_all: expected one process, got {fabric.world_size}; train on all identities in a run "
            "of its own: --set validation.identities=0"
        )
    splits = hold_out(loaded.data, recipe)
    if held_out_trains:
        splits = splits._replace(train=loaded.data.train)
    names = splits.query.identity_names
    progress.say(f"{len(names)} of {len(loaded.data.train.identity_names)} training identities held out for validation")
    facts = {
        "identities": list(names),
        "images": len(splits.query),
        "rules": validation_rules(recipe, splits).describe(),
    }
    return Prepared(recipe, TrainingData(splits, {**loaded.facts, "held_out": facts}))


def _fitted(recipe: Recipe, splits: Splits, *, fabric: Fabric, progress: Progress) -> Recipe:
    fitted, choices = fit(
        recipe,
        set_facts(splits, recipe),
        CPU if fabric.device.type == "cpu" else GPU,
        measure=lambda tried: measure_speed(tried, splits, fabric=fabric),
    )
    for place, choice in choices.items():
        progress.say(f"{place} = {choice.value}: {choice.reason}")
    return fitted
