"""The description of a person: labels for the layouts and synth.json."""

from types import MappingProxyType

import numpy as np

from reseen.synth.person.identity import Person
from reseen.synth.person.palette import PALETTE, Colour
from reseen.synth.person.wardrobe import UPPERS
from reseen.synth.subject import Description

COLOURS = MappingProxyType(dict(enumerate(PALETTE, start=1)))
"""Number -> the name of the upper garment's colour."""
KINDS = MappingProxyType(dict(enumerate(UPPERS, start=1)))
"""Number -> the kind of the upper garment."""


def describe(person: Person) -> Description:
    """Its labels and its marks: those that tell it from its twin, or all that it bears when it has none."""
    upper, lower = person.outfit.upper, person.outfit.lower
    colour = _nearest(upper.colour)
    facts = {
        "upper": f"{COLOURS[colour]} {upper.kind}",
        "lower": "none" if upper.kind == "dress" else f"{COLOURS[_nearest(lower.colour)]} {lower.kind}",
        "hair": person.head.style,
        "height": round(person.build.height, 2),
    }
    kind = next(number for number, name in KINDS.items() if name == upper.kind)
    marks = person.differs or person.marks.borne
    return Description(bool(person.differs), colour, kind, tuple(sorted(marks)), MappingProxyType(facts))


def _nearest(colour: Colour) -> int:
    """The number of the palette's colour that is closest."""
    away = np.linalg.norm(np.array([*PALETTE.values()]) - np.array(colour), axis=1)
    return 1 + int(np.argmin(away))
