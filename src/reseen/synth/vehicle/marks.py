"""Marks: the small things by which one vehicle of a model is told from another of the same paint.

Each kind is a function of the body and of a seed; the image it paints depends on nothing else.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from reseen.synth.render.mesh import Mesh
from reseen.synth.vehicle import end_marks, flank_marks
from reseen.synth.vehicle.placing import Surroundings
from reseen.synth.vehicle.roof import roof_bars, roof_box, roof_lamp, roof_logo


class Mark(NamedTuple):
    """One mark of one identity: its kind in MARKS and the seed of everything about it."""

    kind: str
    seed: int


def build_mark(mark: Mark, where: Surroundings) -> Mesh:
    """The mark on its vehicle."""
    return MARKS[mark.kind](where, np.random.default_rng(mark.seed))


def draw_marks(kind: str, rng: np.random.Generator) -> tuple[Mark, ...]:
    """Marks that show from every side: in front, behind, on each flank and, on most, on the roof as well."""
    heavy = kind in ("truck", "bus", "van")
    fleet = rng.random() < 0.6
    pair = ("both_sign",) if heavy else ("both_logo", "both_stripe")
    flank = ("panel", "dent") if heavy or fleet else ("logo", "panel", "stripe", "dent")
    groups = (
        (("screen_stickers", "screen_banner", "bonnet_logo", "nose_patch"), int(rng.integers(1, 3))),
        (("rear_stickers", "rear_banner", "bumper_sticker", "tail_patch"), int(rng.integers(1, 3))),
        (tuple(f"left_{name}" for name in flank), 1),
        (tuple(f"right_{name}" for name in flank), 1),
        (("roof_box", "roof_logo", "roof_bars", "roof_lamp"), int(rng.random() < 0.7)),
        (pair, int(fleet)),
    )
    chosen = [str(name) for names, count in groups for name in rng.choice(names, size=count, replace=False)]
    return tuple(Mark(name, int(rng.integers(2**31))) for name in ["plates", *sorted(chosen)])


MARKS: Mapping[str, Callable[[Surroundings, np.random.Generator], Mesh]] = MappingProxyType(
    {
        "plates": end_marks.plates,
        "screen_stickers": end_marks.screen_stickers,
        "screen_banner": end_marks.screen_banner,
        "bonnet_logo": end_marks.bonnet_logo,
        "nose_patch": end_marks.nose_patch,
        "rear_stickers": end_marks.rear_stickers,
        "rear_banner": end_marks.rear_banner,
        "bumper_sticker": end_marks.bumper_sticker,
        "tail_patch": end_marks.tail_patch,
        **{
            f"{side}_{name}": flank_marks.sided(make, left=side == "left")
            for side in ("left", "right")
            for name, make in flank_marks.ONE_SIDED.items()
        },
        "both_logo": flank_marks.paired(flank_marks.logo),
        "both_stripe": flank_marks.paired(flank_marks.stripe),
        "both_sign": flank_marks.sign,
        "roof_logo": roof_logo,
        "roof_bars": roof_bars,
        "roof_box": roof_box,
        "roof_lamp": roof_lamp,
    }
)
"""The kinds of marks: name -> what builds one."""
