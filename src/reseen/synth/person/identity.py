"""Persons: body, head, outfit and marks; drawn one by one, or as twins that differ in marks only."""

from typing import NamedTuple

import numpy as np

from reseen.synth.person.hair import FEMININE_HAIR, HAIR_COLOURS, MASCULINE_HAIR
from reseen.synth.person.head import SKIN_TONES
from reseen.synth.person.marks import Marks, draw_marks, redraw
from reseen.synth.person.palette import Colour, pick
from reseen.synth.person.physique import Build, draw_build
from reseen.synth.person.wardrobe import Outfit, draw_outfit


class Head(NamedTuple):
    """Skin, hair and beard; ``hooded`` wears the hood of the garment up."""

    skin: Colour
    hair: Colour
    style: str
    beard: float
    hooded: bool


class Person(NamedTuple):
    """One identity. ``differs`` names the marks that tell it from its twin, or is empty for who has none."""

    build: Build
    head: Head
    outfit: Outfit
    marks: Marks
    differs: frozenset[str]

    def told_by(self, mark: str) -> bool:
        """Whether a mark tells this person from others: for a twin only what the other of the pair has differently."""
        return mark in (self.differs or self.marks.borne)


def draw_identities(count: int, *, twins_share: float, rng: np.random.Generator) -> list[Person]:
    """``count`` persons; ``twins_share`` of them, rounded down to whole pairs, stand as pairs (2k, 2k + 1) first."""
    if not 0 <= twins_share <= 1:
        raise ValueError(f"twins_share must be between 0 and 1, got {twins_share}")
    pairs = int(count * twins_share) // 2
    twins = [person for _ in range(pairs) for person in draw_twins(rng)]
    return twins + [draw_person(rng) for _ in range(count - 2 * pairs)]


def draw_person(rng: np.random.Generator) -> Person:
    """Somebody without a twin."""
    build = draw_build(rng)
    outfit = draw_outfit(build.shape, rng)
    marks = draw_marks(cloth=outfit.upper.colour, shape=build.shape, rng=rng)
    return Person(build, draw_head(build, outfit, rng), outfit, marks, frozenset())


def draw_twins(rng: np.random.Generator) -> tuple[Person, Person]:
    """Two people of one build in the same clothes, who differ in one or two marks."""
    first = draw_person(rng)
    marks, names = redraw(first.marks, cloth=first.outfit.upper.colour, shape=first.build.shape, rng=rng)
    return first._replace(differs=names), first._replace(marks=marks, differs=names)


def draw_head(build: Build, outfit: Outfit, rng: np.random.Generator) -> Head:
    """A head that suits the body, with dark hair over dark skin."""
    tone = int(rng.choice(len(SKIN_TONES), p=np.array([3, 4, 4, 3, 2, 2, 1.5, 1]) / 20.5))
    first, last = (0, len(HAIR_COLOURS)) if tone < 4 else (0, 3)
    hair = HAIR_COLOURS[int(rng.integers(first, last))]
    style = pick(FEMININE_HAIR if build.shape > 0.5 else MASCULINE_HAIR, rng)
    beard = float(rng.choice([0.0, 0.25, 0.7, 0.9], p=[0.55, 0.2, 0.1, 0.15])) if build.shape < 0.5 else 0.0
    hooded = bool(outfit.upper.collar == "hood" and rng.random() < 0.2)
    skin = np.clip(np.array(SKIN_TONES[tone]) * rng.normal(1, 0.03), 0, 0.95)
    return Head((float(skin[0]), float(skin[1]), float(skin[2])), hair, style, beard, hooded)
