"""Clothing of persons: the garments, their usual colours, and how a whole outfit is drawn.

Heights are fractions of the body's height, ease is the metres between skin and cloth, colours are sRGB in 0..1.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from reseen.synth.person.paint import PATTERNS
from reseen.synth.person.palette import BOTTOMS, JEANS, OUTER, SHOES, TOPS, Colour, dye, pick


class Upper(NamedTuple):
    """The outermost thing on the trunk.

    ``sleeve`` the covered share of the arm; ``hem`` the height where it ends on the trunk; ``skirt`` the share of the
    leg that it covers below the hips (coats and dresses); ``front`` how it closes: "closed", "zip", "buttons", "open".
    """

    kind: str
    colour: Colour
    second: Colour
    pattern: str
    scale: float
    sleeve: float
    ease: float
    hem: float
    skirt: float
    front: str
    inner: Colour
    collar: str
    gloss: float


class Lower(NamedTuple):
    """Trousers, shorts or a skirt: ``length`` the covered share of the leg; eases at the thigh and at the hem."""

    kind: str
    colour: Colour
    second: Colour
    length: float
    ease: float
    hem_ease: float
    stockings: bool


class Shoes(NamedTuple):
    """Trainers, shoes or boots; ``shaft`` is how far up the shank they reach, in metres."""

    kind: str
    colour: Colour
    sole: Colour
    shaft: float


class Outfit(NamedTuple):
    """Everything a person wears but the accessories."""

    upper: Upper
    lower: Lower
    shoes: Shoes


class _Cut(NamedTuple):
    """How a kind of garment varies; ``patterns`` are weights in the order of ``paint.PATTERNS``."""

    weight: float
    ease: tuple[float, float]
    sleeve: tuple[float, float]
    hem: tuple[float, float]
    patterns: tuple[float, ...]
    skirt: tuple[float, float] = (0.0, 0.0)
    fronts: tuple[str, ...] = ("closed",)
    collars: tuple[str, ...] = ("none",)
    dyes: Mapping[str, float] = TOPS


_CUTS = {
    "tshirt": _Cut(5, (0.008, 0.024), (0.30, 0.50), (0.50, 0.54), (10, 2, 0, 1, 1.5, 0)),
    "shirt": _Cut(
        3, (0.010, 0.022), (0.95, 0.97), (0.49, 0.53), (6, 2, 4, 0, 0, 0), fronts=("buttons",), collars=("shirt",)
    ),
    "jumper": _Cut(4, (0.014, 0.030), (0.95, 0.98), (0.50, 0.54), (8, 2, 0, 2, 2, 0), collars=("none", "stand")),
    "hoodie": _Cut(
        4, (0.022, 0.040), (0.96, 0.99), (0.50, 0.53), (9, 0, 0, 2, 1, 1), fronts=("closed", "zip"), collars=("hood",)
    ),
    "jacket": _Cut(
        6, (0.026, 0.046), (0.95, 0.99), (0.49, 0.53), (9, 0, 1, 3, 1, 2),
        fronts=("zip", "open", "buttons"), collars=("stand", "shirt", "hood"), dyes=OUTER,
    ),
    "puffer": _Cut(
        2, (0.050, 0.070), (0.96, 0.99), (0.49, 0.53), (8, 0, 0, 2, 0, 0),
        fronts=("zip", "open"), collars=("stand", "hood"), dyes=OUTER,
    ),
    "coat": _Cut(
        4, (0.026, 0.042), (0.95, 0.99), (0.50, 0.52), (9, 0, 1, 0, 0, 0),
        skirt=(0.22, 0.72), fronts=("buttons", "open"), collars=("shirt", "stand"), dyes=OUTER,
    ),
    "dress": _Cut(2, (0.006, 0.014), (0.0, 0.95), (0.52, 0.55), (7, 2, 1.5, 1, 0.5, 0), skirt=(0.34, 0.85)),
}  # fmt: skip


UPPERS = tuple(_CUTS)
"""The kinds of upper garments."""


def draw_outfit(shape: float, rng: np.random.Generator) -> Outfit:
    """An outfit for a body whose ``shape`` is 0 masculine to 1 feminine."""
    upper = _draw_upper(shape, rng)
    return Outfit(upper, _draw_lower(shape, upper, rng), draw_shoes(shape, rng))


def draw_shoes(shape: float, rng: np.random.Generator) -> Shoes:
    """Shoes of a kind, a colour and a sole."""
    kind = pick({"trainers": 5, "shoes": 3, "boots": 1.2 + shape}, rng)
    name = pick(SHOES, rng) if kind == "trainers" else pick({"black": 6, "brown": 4, "grey": 1}, rng)
    sole = dye("white" if kind == "trainers" and rng.random() < 0.75 else "charcoal", rng)
    shaft = float(rng.uniform(0.08, 0.30)) if kind == "boots" else float(rng.choice([0.0, 0.02]))
    return Shoes(kind, dye(name, rng), sole, shaft)


def _draw_upper(shape: float, rng: np.random.Generator) -> Upper:
    kind = pick({name: cut.weight * (1 if name != "dress" else 2 * (shape > 0.5)) for name, cut in _CUTS.items()}, rng)
    cut = _CUTS[kind]
    name = pick(cut.dyes, rng)
    second = pick({other: weight for other, weight in TOPS.items() if other != name}, rng)
    pattern = pick(dict(zip(PATTERNS, cut.patterns, strict=True)), rng)
    sleeve = float(rng.choice([0.0, 0.35, 0.95])) if kind == "dress" else float(rng.uniform(*cut.sleeve))
    if kind == "shirt" and rng.random() < 0.35:
        sleeve = float(rng.uniform(0.35, 0.6))
    ease, hem, skirt = (float(rng.uniform(*span)) for span in (cut.ease, cut.hem, cut.skirt))
    return Upper(
        kind=kind,
        colour=dye(name, rng),
        second=dye(second, rng),
        pattern=pattern,
        scale=float(rng.uniform(0.035, 0.09)),
        sleeve=sleeve,
        ease=ease,
        hem=hem,
        skirt=skirt,
        front=str(rng.choice(cut.fronts)),
        inner=dye(pick(TOPS, rng), rng),
        collar=str(rng.choice(cut.collars)),
        gloss=0.25 if kind == "puffer" else 0.0,
    )


def _draw_lower(shape: float, upper: Upper, rng: np.random.Generator) -> Lower:
    warm = upper.kind in {"jacket", "puffer", "coat", "jumper", "hoodie"}
    weights = {"trousers": 4.0, "jeans": 6.0, "joggers": 1.5, "shorts": 0.5 if warm else 3.0}
    if shape > 0.5:
        weights |= {"skirt": 2.5, "leggings": 2.5}
    kind = pick(weights, rng)
    name = pick(JEANS if kind == "jeans" else BOTTOMS, rng)
    span = {"shorts": (0.38, 0.54), "skirt": (0.36, 0.80), "leggings": (0.90, 0.98)}.get(kind, (0.955, 0.985))
    ease = {"leggings": (0.002, 0.004), "shorts": (0.016, 0.03), "skirt": (0.01, 0.02)}.get(kind, (0.006, 0.022))
    hem = {"leggings": (0.003, 0.005), "shorts": (0.02, 0.045), "skirt": (0.03, 0.14), "joggers": (0.008, 0.012)}.get(
        kind, (0.012, 0.05)
    )
    stockings = bool((kind == "skirt" or upper.kind == "dress") and rng.random() < 0.55)
    second = dye(pick(TOPS, rng), rng)
    return Lower(
        kind,
        dye(name, rng),
        second,
        float(rng.uniform(*span)),
        float(rng.uniform(*ease)),
        float(rng.uniform(*hem)),
        stockings,
    )
