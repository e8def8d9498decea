"""One choice for each setting that may be "auto": a function from the facts of the set to a value and its reason."""

from collections.abc import Callable, Mapping
from math import sqrt
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from reseen.tasks.reid.automatic.facts import SetFacts
from reseen.tasks.reid.recipe import Recipe
from reseen.tasks.reid.validation import HELD_OUT, held_count

_MULTIPLE = 32
"""Pixels: the step from one image size to the next, since networks halve their maps five times."""
_LEAST_SIDE = 64


class Choice(NamedTuple):
    """A setting's value, as a recipe's file would have it, and why."""

    value: object
    reason: str


class Scale(NamedTuple):
    """The work for a device: the side of a square image, images seen in all, bounds of the epochs, images a batch."""

    side: int
    seen: int
    epochs: tuple[int, int]
    batch: int


CPU = Scale(side=128, seen=10_000, epochs=(4, 40), batch=32)
GPU = Scale(side=256, seen=150_000, epochs=(15, 60), batch=64)

Chooser: TypeAlias = Callable[[SetFacts, Recipe, Scale], Choice]


def image_size(facts: SetFacts, _recipe: Recipe, scale: Scale) -> Choice:
    """The area that the device is asked to do, in the shape of the images, and no larger than they are."""
    height, width = size_of(facts, scale.side)
    return Choice([height, width], f"images are {facts.height} x {facts.width} (median height x width)")


def size_of(facts: SetFacts, side: int) -> tuple[int, int]:
    """(height, width) of about ``side`` squared pixels, in the images' shape, of at most twice their own size."""
    shape = sqrt(min(max(facts.height / facts.width, 0.5), 2.0))
    own = min(2 * sqrt(facts.height * facts.width), side)
    return _rounded(own * shape), _rounded(own / shape)


def _rounded(side: float) -> int:
    return max(_LEAST_SIDE, _MULTIPLE * round(side / _MULTIPLE))


def held_out(facts: SetFacts, _recipe: Recipe, _scale: Scale) -> Choice:
    """A fifth of the identities, where there are enough."""
    if not facts.can_validate:
        return Choice(
            0.0,
            f"{facts.identities} training identities are too few to hold any out, so the last epoch is kept unproven; "
            "more identities would mend that",
        )
    held = held_count(facts.identities, share=HELD_OUT)
    return Choice(HELD_OUT, f"{held} of {facts.identities} training identities choose the epoch and the network")


def scored_every(_facts: SetFacts, recipe: Recipe, _scale: Scale) -> Choice:
    """Each epoch where identities are held out; else only the last, so that the test chooses nothing."""
    if recipe.validation.identities:
        return Choice(1, "the held-out identities are scored after each epoch")
    return Choice(0, "nothing is held out to choose an epoch on")


def images_of_each(facts: SetFacts, _recipe: Recipe, _scale: Scale) -> Choice:
    """Four images an identity in a batch, or the two to four that it usually has."""
    images = min(4, max(2, int(facts.images_per_identity)))
    return Choice(images, f"an identity has {facts.images_per_identity:g} images (median)")


def identities_a_batch(facts: SetFacts, recipe: Recipe, scale: Scale) -> Choice:
    """As many as fill the batch, and no more than train."""
    share = recipe.validation.identities
    train = facts.identities - (held_count(facts.identities, share=share) if share else 0)
    identities = max(1, min(scale.batch // recipe.sampler.images, train))
    return Choice(identities, f"{identities} x {recipe.sampler.images} images a batch")


def mirrored(facts: SetFacts, _recipe: Recipe, _scale: Scale) -> Choice:
    """Half of the images are mirrored, unless views are named left and right."""
    if facts.sided:
        return Choice(0.0, "views are named left and right, so no image is mirrored")
    return Choice(0.5, "no views are named left and right")


def epochs(facts: SetFacts, recipe: Recipe, scale: Scale) -> Choice:
    """As many as show the network a fixed number of images, within bounds."""
    least, most = scale.epochs
    trained = round(facts.images * (1 - recipe.validation.identities))
    count = min(max(round(scale.seen / max(trained, 1)), least), most)
    return Choice(count, f"{trained:,} training images")


CHOICES: Mapping[str, Chooser] = MappingProxyType(
    {
        "validation.identities": held_out,
        "evaluation.every": scored_every,
        "data.image_size": image_size,
        "sampler.images": images_of_each,
        "sampler.identities": identities_a_batch,
        "transforms.flip.probability": mirrored,
        "training.epochs": epochs,
    }
)
"""Setting -> its chooser, in the order of choosing: a later one sees the values of those before it."""
