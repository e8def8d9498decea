"""The teacher of a distillation: any trained network that knows the same identities and sees the same images."""

from pathlib import Path

from torch import nn

from reseen.engine.checkpoint import load_card
from reseen.engine.pretrained import resolved
from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.recipe import Recipe, recipe_from


def load_teacher(source: Path | str, recipe: Recipe, *, num_identities: int) -> nn.Module:
    """The network of a run's folder or of a weights file, in evaluation mode, for the training of ``recipe``.

    Raises ReseenError for one without a classifier of as many identities, and for one that takes images of another size
    or normalisation: teacher and model see the same tensors.
    """
    path = Run(Path(source)).best_weights if Path(source).is_dir() else Path(source)
    card = load_card(path)
    if card.num_identities != num_identities:
        raise ReseenError(
            f"teacher: {path}: expected a classifier of the {num_identities} training identities, got "
            f"{card.num_identities or 'none'}: train the teacher on the same set"
        )
    theirs, ours = resolved(recipe_from(card.recipe, name=str(path))).data, resolved(recipe).data
    for name in ("image_size", "normalisation"):
        expected, got = getattr(ours, name), getattr(theirs, name)
        if expected != got:
            raise ReseenError(f"teacher: {path}: expected data.{name} {expected} as here, got {got}")
    return load_model(path)
