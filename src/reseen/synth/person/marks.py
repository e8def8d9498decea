"""The small things that tell one twin from the other: bags, prints, headwear, scarves, glasses, shoes."""

from typing import NamedTuple

import numpy as np

from reseen.synth.person.paint import PRINTS
from reseen.synth.person.palette import PALETTE, Colour, dye, pick
from reseen.synth.person.wardrobe import Shoes, draw_shoes

_BAGS = {"": 5, "backpack": 4, "shoulder": 2, "crossbody": 2, "handbag": 1.5, "shopper": 1.5}
_HATS = {"": 8, "cap": 2, "beanie": 1.5, "brim": 0.5}
_BAG_COLOURS = {
    "black": 7,
    "grey": 2,
    "navy": 2,
    "red": 2,
    "brown": 3,
    "beige": 2,
    "olive": 1,
    "teal": 1,
    "mustard": 1,
    "white": 1,
    "pink": 1,
}


class Bag(NamedTuple):
    """A bag on the back, at a hip or in a hand; ``side`` 1 left, -1 right; ``sticker`` one of paint.PRINTS or empty."""

    kind: str
    colour: Colour
    trim: Colour
    side: int
    size: float
    sticker: str


class Print(NamedTuple):
    """A printed image: ``width`` metres, ``shift`` to the left; ``place`` chest or back."""

    kind: str
    colours: tuple[Colour, Colour]
    place: str
    width: float
    shift: float


class Hat(NamedTuple):
    """Headwear and its second colour."""

    kind: str
    colour: Colour
    trim: Colour


class Marks(NamedTuple):
    """One identity's marks; None where there is none."""

    bag: Bag | None
    print: Print | None
    hat: Hat | None
    scarf: Colour | None
    glasses: str
    shoes: Shoes

    @property
    def borne(self) -> frozenset[str]:
        """The names of the marks that are there at all; everybody wears shoes, so they do not count."""
        return frozenset(name for name in ("bag", "print", "hat", "scarf", "glasses") if getattr(self, name))


def draw_bag(rng: np.random.Generator) -> Bag | None:
    """A bag or none."""
    kind = pick(_BAGS, rng)
    if not kind:
        return None
    sticker = pick(dict.fromkeys(PRINTS, 1), rng) if rng.random() < 0.35 else ""
    colour = dye("white" if kind == "shopper" and rng.random() < 0.4 else pick(_BAG_COLOURS, rng), rng)
    return Bag(kind, colour, _bright(rng), int(rng.choice([-1, 1])), float(rng.uniform(0.85, 1.2)), sticker)


def draw_print(cloth: Colour, rng: np.random.Generator) -> Print | None:
    """A print on chest or back that stands out from its cloth, or none."""
    if rng.random() < 0.55:
        return None
    first = _bright(rng)
    while np.abs(np.subtract(first, cloth)).max() < 0.3:
        first = _bright(rng)
    small = rng.random() < 0.3
    width = rng.uniform(0.07, 0.11) if small else rng.uniform(0.15, 0.27)
    shift = 0.07 if small else 0.0
    return Print(
        pick(dict.fromkeys(PRINTS, 1), rng),
        (first, _bright(rng)),
        str(rng.choice(["chest", "back"])),
        float(width),
        shift,
    )


def draw_hat(rng: np.random.Generator) -> Hat | None:
    """A cap, a beanie, a hat or none."""
    kind = pick(_HATS, rng)
    return Hat(kind, dye(pick(_BAG_COLOURS, rng), rng), _bright(rng)) if kind else None


def draw_scarf(rng: np.random.Generator) -> Colour | None:
    """The colour of a scarf, or none."""
    return dye(str(rng.choice([*PALETTE])), rng) if rng.random() < 0.16 else None


def draw_marks(*, cloth: Colour, shape: float, rng: np.random.Generator) -> Marks:
    """The marks of somebody whose upper garment has the colour ``cloth``."""
    return Marks(
        bag=draw_bag(rng),
        print=draw_print(cloth, rng),
        hat=draw_hat(rng),
        scarf=draw_scarf(rng),
        glasses=pick({"": 8, "clear": 1.5, "dark": 1}, rng),
        shoes=draw_shoes(shape, rng),
    )


def redraw(marks: Marks, *, cloth: Colour, shape: float, rng: np.random.Generator) -> tuple[Marks, frozenset[str]]:
    """Marks for a twin, and the names of the one or two marks in which it differs plainly."""
    fresh = draw_marks(cloth=cloth, shape=shape, rng=rng)
    count = 1 + int(rng.random() < 0.5)
    # what a surveillance camera resolves comes first: nobody is told apart by glasses alone
    order = [
        str(name)
        for name in rng.choice(
            ["bag", "print", "hat", "scarf", "shoes"], 5, replace=False, p=[0.36, 0.26, 0.18, 0.1, 0.1]
        )
    ]
    changed: list[str] = []
    while len(changed) < count:
        for name in order:
            if len(changed) < count and name not in changed and _plainly(getattr(marks, name), getattr(fresh, name)):
                changed.append(name)
        if len(changed) < count:
            kept = {name: getattr(fresh, name) for name in changed}
            fresh = draw_marks(cloth=cloth, shape=shape, rng=rng)._replace(**kept)
    return marks._replace(**{name: getattr(fresh, name) for name in changed}), frozenset(changed)


def _plainly(first: object, second: object) -> bool:
    """Whether a camera could tell two marks apart: another kind, another side, or another colour."""
    if first is None or second is None:
        return first is not second
    if isinstance(first, Bag) and isinstance(second, Bag):
        return first.kind != second.kind or first.sticker != second.sticker or _apart(first.colour, second.colour)
    if isinstance(first, Print) and isinstance(second, Print):
        return first.place != second.place or first.kind != second.kind
    if isinstance(first, Hat) and isinstance(second, Hat):
        return first.kind != second.kind or _apart(first.colour, second.colour)
    if isinstance(first, Shoes) and isinstance(second, Shoes):
        return _apart(first.colour, second.colour)
    return _apart(first, second)


def _apart(first: object, second: object) -> bool:
    return float(np.abs(np.subtract(first, second)).max()) > 0.25  # type: ignore[call-overload]


def _bright(rng: np.random.Generator) -> Colour:
    return dye(str(rng.choice(["white", "red", "mustard", "sky", "orange", "green", "blue", "pink", "black"])), rng)
