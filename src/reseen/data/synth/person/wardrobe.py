"""What people wear: the garments, their usual colours, and how a whole outfit is drawn.

Heights are fractions of the body's height, ease is the metres between skin and cloth, colours are sRGB in 0..1.
"""

from typing import NamedTuple

import numpy as np

Colour = tuple[float, float, float]

PALETTE: dict[str, Colour] = {
    "black": (0.075, 0.075, 0.085),
    "charcoal": (0.19, 0.19, 0.205),
    "navy": (0.10, 0.13, 0.24),
    "grey": (0.45, 0.45, 0.46),
    "white": (0.88, 0.88, 0.86),
    "beige": (0.74, 0.66, 0.54),
    "brown": (0.34, 0.24, 0.17),
    "olive": (0.33, 0.34, 0.21),
    "burgundy": (0.38, 0.10, 0.14),
    "red": (0.72, 0.13, 0.13),
    "blue": (0.18, 0.32, 0.62),
    "sky": (0.55, 0.69, 0.84),
    "green": (0.17, 0.42, 0.27),
    "mustard": (0.76, 0.56, 0.17),
    "pink": (0.85, 0.57, 0.62),
    "purple": (0.38, 0.25, 0.50),
    "teal": (0.14, 0.42, 0.46),
    "orange": (0.86, 0.42, 0.14),
    "denim": (0.24, 0.33, 0.47),
    "light denim": (0.50, 0.59, 0.70),
    "dark denim": (0.13, 0.17, 0.26),
    "khaki": (0.58, 0.51, 0.38),
}

_TOPS = {"black": 9, "charcoal": 5, "navy": 6, "grey": 6, "white": 7, "beige": 3, "olive": 2, "burgundy": 2, "red": 3, "blue": 3,
         "sky": 3, "green": 2, "mustard": 2, "pink": 2, "purple": 1, "teal": 2, "orange": 1, "brown": 2}
_OUTER = {"black": 10, "charcoal": 5, "navy": 7, "grey": 4, "beige": 4, "olive": 4, "brown": 3, "burgundy": 1, "red": 2, "blue": 2,
          "green": 1, "mustard": 1, "denim": 2, "white": 1, "teal": 1}
_BOTTOMS = {"black": 8, "charcoal": 4, "navy": 4, "grey": 3, "khaki": 3, "beige": 2, "olive": 2, "brown": 1, "white": 1, "burgundy": 0.5}
_JEANS = {"denim": 4, "dark denim": 5, "light denim": 2, "black": 2, "grey": 1}
_SHOES = {"black": 7, "white": 5, "brown": 3, "grey": 2, "navy": 2, "red": 1, "beige": 1, "blue": 1}

PATTERNS = ("plain", "stripes", "checks", "yoke", "band", "sides")


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
    weight: float
    ease: tuple[float, float]
    sleeve: tuple[float, float]
    hem: tuple[float, float]
    skirt: tuple[float, float]
    fronts: tuple[str, ...]
    collars: tuple[str, ...]
    patterns: tuple[float, ...]
    outer: bool


_CUTS = {
    "tshirt": _Cut(5, (0.008, 0.024), (0.30, 0.50), (0.50, 0.54), (0, 0), ("closed",), ("none",), (10, 2, 0, 1, 1.5, 0), False),
    "shirt": _Cut(3, (0.010, 0.022), (0.95, 0.97), (0.49, 0.53), (0, 0), ("buttons",), ("shirt",), (6, 2, 4, 0, 0, 0), False),
    "jumper": _Cut(4, (0.014, 0.030), (0.95, 0.98), (0.50, 0.54), (0, 0), ("closed",), ("none", "stand"), (8, 2, 0, 2, 2, 0), False),
    "hoodie": _Cut(4, (0.022, 0.040), (0.96, 0.99), (0.50, 0.53), (0, 0), ("closed", "zip"), ("hood",), (9, 0, 0, 2, 1, 1), False),
    "jacket": _Cut(6, (0.026, 0.046), (0.95, 0.99), (0.49, 0.53), (0, 0), ("zip", "open", "buttons"), ("stand", "shirt", "hood"), (9, 0, 1, 3, 1, 2), True),
    "puffer": _Cut(2, (0.050, 0.070), (0.96, 0.99), (0.49, 0.53), (0, 0), ("zip", "open"), ("stand", "hood"), (8, 0, 0, 2, 0, 0), True),
    "coat": _Cut(4, (0.026, 0.042), (0.95, 0.99), (0.50, 0.52), (0.22, 0.72), ("buttons", "open"), ("shirt", "stand"), (9, 0, 1, 0, 0, 0), True),
    "dress": _Cut(2, (0.006, 0.014), (0.0, 0.95), (0.52, 0.55), (0.34, 0.85), ("closed",), ("none",), (7, 2, 1.5, 1, 0.5, 0), False),
}  # fmt: skip


def pick(table: dict[str, float] | dict[str, int], rng: np.random.Generator) -> str:
    """One key, drawn by weight."""
    weights = np.array([*table.values()], float)
    return str(rng.choice([*table], p=weights / weights.sum()))


def dye(name: str, rng: np.random.Generator) -> Colour:
    """A palette colour as one maker dyes it: a little lighter, darker, warmer or cooler."""
    base = np.array(PALETTE[name]) * rng.normal(1, 0.08) + rng.normal(0, 0.018, 3)
    r, g, b = (float(value) for value in np.clip(base, 0.04, 0.93))
    return r, g, b


def draw_outfit(shape: float, rng: np.random.Generator) -> Outfit:
    """An outfit for a body whose ``shape`` is 0 masculine to 1 feminine."""
    upper = _draw_upper(shape, rng)
    return Outfit(upper, _draw_lower(shape, upper, rng), draw_shoes(shape, rng))


def draw_shoes(shape: float, rng: np.random.Generator) -> Shoes:
    """Shoes of a kind, a colour and a sole."""
    kind = pick({"trainers": 5, "shoes": 3, "boots": 1.2 + shape}, rng)
    name = pick(_SHOES, rng) if kind == "trainers" else pick({"black": 6, "brown": 4, "grey": 1, "beige": 1}, rng)
    sole = dye("white" if kind == "trainers" and rng.random() < 0.75 else "charcoal", rng)
    shaft = float(rng.uniform(0.08, 0.30)) if kind == "boots" else float(rng.choice([0.0, 0.02]))
    return Shoes(kind, dye(name, rng), sole, shaft)


def _draw_upper(shape: float, rng: np.random.Generator) -> Upper:
    kind = pick({name: cut.weight * (1 if name != "dress" else 2 * (shape > 0.5)) for name, cut in _CUTS.items()}, rng)
    cut = _CUTS[kind]
    name = pick(_OUTER if cut.outer else _TOPS, rng)
    second = pick({other: weight for other, weight in _TOPS.items() if other != name}, rng)
    pattern = PATTERNS[int(rng.choice(len(PATTERNS), p=np.array(cut.patterns) / sum(cut.patterns)))]
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
        inner=dye(pick(_TOPS, rng), rng),
        collar=str(rng.choice(cut.collars)),
        gloss=0.25 if kind == "puffer" else 0.0,
    )


def _draw_lower(shape: float, upper: Upper, rng: np.random.Generator) -> Lower:
    warm = upper.kind in {"jacket", "puffer", "coat", "jumper", "hoodie"}
    weights = {"trousers": 4.0, "jeans": 6.0, "joggers": 1.5, "shorts": 0.5 if warm else 3.0}
    if shape > 0.5:
        weights |= {"skirt": 2.5, "leggings": 2.5}
    kind = pick(weights, rng)
    name = pick(_JEANS if kind == "jeans" else _BOTTOMS, rng)
    span = {"shorts": (0.38, 0.54), "skirt": (0.36, 0.80), "leggings": (0.90, 0.98)}.get(kind, (0.955, 0.985))
    ease = {"leggings": (0.002, 0.004), "shorts": (0.016, 0.03), "skirt": (0.01, 0.02)}.get(kind, (0.006, 0.022))
    hem = {"leggings": (0.003, 0.005), "shorts": (0.02, 0.045), "skirt": (0.03, 0.14), "joggers": (0.008, 0.012)}.get(kind, (0.012, 0.05))
    stockings = bool((kind == "skirt" or upper.kind == "dress") and rng.random() < 0.55)
    second = dye(pick(_TOPS, rng), rng)
    return Lower(
        kind, dye(name, rng), second, float(rng.uniform(*span)), float(rng.uniform(*ease)), float(rng.uniform(*hem)), stockings
    )
