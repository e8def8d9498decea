"""What to train: settings with their reasons, the minutes, and the command to type."""

import re
import shlex
from pathlib import Path

from reseen.recipe.overrides import setting_at
from reseen.tasks.reid.advise.advice import Recommendation
from reseen.tasks.reid.advise.fitting import FittedRecipe

_ALWAYS = ("model.backbone", "model.weights", "data.image_size", "training.epochs")
"""Settings that are said whoever chose them."""


def recommendation(fitted: FittedRecipe, data: Path, *, skips: bool) -> Recommendation:
    """The fitted recipe for the data; ``skips`` where some of its images cannot be read."""
    wish, lines = fitted.wish, fitted.recipe.model_dump(mode="json")
    places = dict.fromkeys((*_ALWAYS, *fitted.choices))
    settings = {place: setting_at(lines, place) for place in places}
    reasons = {place: fitted.choices[place].reason if place in fitted.choices else "as the recipe" for place in places}
    reasons["recipe"] = "its settings are chosen from the training set" if fitted.choices else "as asked for"
    if skips:
        settings["data.unreadable"] = "skip"
        reasons["data.unreadable"] = "some images cannot be read"
    overrides = [*wish.overrides, *["data.unreadable=skip"] * skips]
    return Recommendation(
        wish.recipe, settings, reasons, minutes=round(fitted.minutes, 1), command=_command(wish.recipe, data, overrides)
    )


def nothing_to_train(recipe: str, reason: str) -> Recommendation:
    """No recommendation, and why."""
    return Recommendation(recipe, {}, {"recipe": reason}, minutes=None, command=None)


def _command(recipe: str, data: Path, overrides: list[str]) -> str:
    sets = [word for override in overrides for word in ("--set", override)]
    words = ["reseen", "train", recipe, "--data", str(data), "--out", _free_folder(data), *sets]
    return shlex.join(words)


def _free_folder(data: Path) -> str:
    """A folder for the run that is named like the data and not there yet."""
    name = re.sub(r"[^\w.-]+", "-", data.resolve().stem).strip("-.") or "run"
    folder, number = Path("runs") / name, 2
    while folder.exists():
        folder, number = Path("runs") / f"{name}-{number}", number + 1
    return str(folder)
