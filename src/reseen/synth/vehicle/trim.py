"""Fittings of a body: lamps, grille, bumpers, mirrors, seams, handles, rails, sunroof."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from reseen.synth.render.decal import decal
from reseen.synth.render.mesh import Array, Colour, Mesh, Part, box, ellipsoid, merge, translate
from reseen.synth.vehicle.body import PLASTIC, Body
from reseen.synth.vehicle.shell import Shell, both, pane

CHROME = (0.72, 0.73, 0.75)


@dataclass(frozen=True)
class Trim:
    """The choices that make one model's face and rear: shares of the body's size, and styles by number."""

    lamp_low: float
    lamp_high: float
    lamp_inner: float
    lamp_wrap: float
    grille_width: float
    grille_low: float
    grille_bars: int
    grille_chrome: bool
    intake: float
    tail_low: float
    tail_high: float
    tail_inner: float
    tail_wrap: float
    tail_on_pillar: bool
    cladding: bool
    moulding: int
    handles_chrome: bool
    rails: bool
    sunroof: bool
    rim: int
    glass: float
    breaks: tuple[float, ...]


_PILLARS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "hatch": (0.42, 0.76),
        "sedan": (0.52,),
        "estate": (0.37, 0.68),
        "suv": (0.4, 0.72),
        "van": (0.27, 0.62),
        "pickup": (0.52,),
        "truck": (0.99,),
        "bus": (),
    }
)
"""Where the pillars between side windows stand; none given: evenly spread."""


def draw_trim(kind: str, rng: np.random.Generator) -> Trim:
    """The trim of one model."""
    low = rng.uniform(0.58, 0.68)
    tail = rng.uniform(0.52, 0.66)
    tall = kind in ("hatch", "estate", "suv", "van", "bus")
    panes = int(rng.integers(5, 9))
    breaks = _PILLARS[kind] or tuple(k / panes for k in range(1, panes))
    return Trim(
        lamp_low=low,
        lamp_high=low + rng.uniform(0.12, 0.24),
        lamp_inner=rng.uniform(0.5, 0.72),
        lamp_wrap=rng.uniform(0.2, 0.55),
        grille_width=rng.uniform(0.2, 0.5),
        grille_low=rng.uniform(0.45, 0.6),
        grille_bars=int(rng.integers(2, 6)),
        grille_chrome=bool(rng.random() < 0.6),
        intake=rng.uniform(0.3, 0.75),
        tail_low=tail,
        tail_high=tail + rng.uniform(0.15, 0.3),
        tail_inner=rng.uniform(0.32, 0.66),
        tail_wrap=rng.uniform(0.14, 0.4),
        tail_on_pillar=bool(tall and rng.random() < 0.5),
        cladding=bool(rng.random() < (0.6 if kind in ("suv", "van", "truck") else 0.15)),
        moulding=int(rng.integers(0, 3)),
        handles_chrome=bool(rng.random() < 0.4),
        rails=bool(kind in ("estate", "suv") and rng.random() < 0.6),
        sunroof=bool(kind in ("hatch", "sedan", "estate", "suv") and rng.random() < 0.35),
        rim=int(rng.integers(0, 6)),
        glass=float(rng.uniform(0.05, 0.14)),
        breaks=breaks,
    )


def fittings(kind: str, body: Body, trim: Trim, *, paint: Colour, lamps_on: bool) -> list[Part]:
    """All of them for one model."""
    parts = [_headlamps(body.hull, trim, lamps_on=lamps_on), *_grille(body.hull, trim)]
    parts += _taillamps(kind, body, trim, lamps_on=lamps_on)
    parts += _seams(kind, body, trim, paint=np.asarray(paint))
    parts.append(_mirrors(kind, body, paint=paint))
    if trim.rails:
        parts.append(Part(_rails(body.cabin), gloss=0.5))
    if trim.sunroof:
        x = np.linspace(0.25, -0.55, 5)[:, None] + body.cabin.middle + 0.25
        roof = body.cabin.deck(x, np.linspace(0.42, -0.42, 6)[None], crown=0.045)
        parts.append(Part(pane(roof, colour=(0.05, 0.05, 0.06), lift=0.012), gloss=1.0))
    return parts


def _headlamps(hull: Shell, trim: Trim, *, lamps_on: bool) -> Part:
    turn = np.linspace(hull.turn_at(trim.lamp_inner), hull.turn_behind(trim.lamp_wrap), 9)[None]
    squint = np.linspace(0, 0.05, 9)[None]
    level = np.linspace(trim.lamp_high, trim.lamp_low, 5)[:, None] + squint
    bright = np.full((4, 8, 3), 0.62)
    bright[1:3, 1:4] = 0.98
    bright[1:3, 4:6] = 0.8
    bright[0] = bright[-1] = (0.4, 0.42, 0.45)
    bright[1:3, 7] = (0.85, 0.5, 0.15)
    if lamps_on:
        bright[1:3, :6] = (3.0, 2.9, 2.4)
    return Part(both(decal(hull.around(turn, level), bright, lift=0.008)), gloss=0.8)


def _grille(hull: Shell, trim: Trim) -> list[Part]:
    half = hull.side(hull.middle, 0.6)[1]
    y = np.linspace(-1, 1, 9)[None] * trim.grille_width * half
    rows = 2 * trim.grille_bars + 1
    level = np.linspace(min(trim.lamp_high, 0.86), trim.grille_low, rows + 1)[:, None]
    texture = np.full((rows, 8, 3), 0.04)
    texture[::2] = CHROME if trim.grille_chrome else (0.16, 0.16, 0.17)
    texture[rows // 2 - 1 : rows // 2 + 1, 3:5] = (0.8, 0.8, 0.82)
    upper = decal(hull.end(y, level), texture, lift=0.008)
    y = np.linspace(-1, 1, 9)[None] * trim.intake * half
    lower = pane(hull.end(y, np.linspace(0.38, 0.14, 4)[:, None]), colour=(0.03, 0.03, 0.03), lift=0.008)
    return [Part(upper, gloss=0.35), Part(lower)]


def _taillamps(kind: str, body: Body, trim: Trim, *, lamps_on: bool) -> list[Part]:
    red = np.asarray((1.4, 0.1, 0.08) if lamps_on else (0.5, 0.03, 0.04))
    texture = np.tile(red, (5, 6, 1))
    texture[2, :3] = (0.75, 0.7, 0.68)
    texture[3, :3] = (0.75, 0.35, 0.08)
    texture[0] *= 0.75
    if trim.tail_on_pillar and kind != "truck":
        shell, inner, low, high = body.cabin, 0.86, 0.02, 0.62
    else:
        shell, inner, low, high = body.hull, trim.tail_inner, trim.tail_low, trim.tail_high
    if kind in ("truck", "pickup"):
        inner, low, high = 0.85, 0.45, 0.8
    turn = np.linspace(shell.turn_behind(trim.tail_wrap, front=False), shell.turn_at(inner, front=False), 7)
    lamp = decal(shell.around(turn[None], np.linspace(high, low, 6)[:, None]), texture, lift=0.009)
    if kind == "truck":
        size = body.size
        lamp = box((0.04, 0.3, 0.14), centre=(-size.length / 2 + 0.02, size.width * 0.36, size.sill + 0.3))
        lamp = lamp._replace(colours=np.tile(red, (len(lamp.vertices), 1)).astype(np.float32))
    return [Part(both(lamp), gloss=0.7)]


def strip(shell: Shell, x: Array, z: Array, *, thick: Array | float, colour: Colour) -> Mesh:
    """A band along the left flank through (x, z), each (N,), ``thick`` metres high."""
    places = np.stack([np.asarray(z) + np.asarray(thick) / 2, np.asarray(z) - np.asarray(thick) / 2])
    return pane(shell.flank(np.asarray(x)[None], places), colour=colour, lift=0.009)


def seam(shell: Shell, x: float, z: tuple[float, float], *, colour: Colour, wide: float = 0.016) -> Mesh:
    """A vertical gap line on the left flank at ``x`` from the height z[1] down to z[0]."""
    heights = np.linspace(z[1], z[0], 7)[:, None]
    return pane(shell.flank(np.asarray([[x + wide / 2, x - wide / 2]]), heights), colour=colour, lift=0.009)


def _seams(kind: str, body: Body, trim: Trim, *, paint: Array) -> list[Part]:
    hull, size = body.hull, body.size
    dark = paint * 0.4
    low, high = size.sill + 0.09, size.belt - 0.06
    first = size.length / 2 - size.cowl - 0.12
    last = body.cabin.edge(0.1, front=False) + 0.25
    if kind == "truck":
        doors = [first, first - 0.85]
    elif kind == "bus":
        doors = [first - 0.5, first - 1.6]
    else:
        doors = [first, first + (last - first) * trim.breaks[0]]
        doors += [first + (last - first) * 0.93] if kind in ("hatch", "sedan", "estate", "suv", "pickup") else []
    lines = [seam(hull, x, (low, high), colour=dark) for x in doors]
    metal = CHROME if trim.handles_chrome else paint * 0.7
    handle_z = np.full(2, high - 0.08, np.float32)
    grips = [np.asarray([x + 0.3, x + 0.1], np.float32) for x in doors[1:]]
    lines += [strip(hull, grip, handle_z, thick=0.035, colour=metal) for grip in grips]
    if trim.moulding and kind != "bus":
        along = np.linspace(first - 0.05, doors[-1] + 0.05, 8, dtype=np.float32)
        shade = PLASTIC if trim.moulding == 1 else CHROME
        lines.append(strip(hull, along, np.full(8, size.sill + 0.26, np.float32), thick=0.05, colour=shade))
    gap = np.linspace(first + 0.12, size.length / 2 - 0.28, 8)[:, None]
    side = 0.78 * size.width / 2
    across = np.asarray([[side + 0.012, side - 0.012]]) - 0.1 * (gap - gap[0])
    if kind not in ("bus", "truck", "van"):
        lines.append(pane(hull.deck(gap[::-1], across), colour=dark, lift=0.007))
    lines.append(_lid_lines(kind, body, dark))
    return [Part(both(merge(lines)), gloss=0.3)]


def _lid_lines(kind: str, body: Body, colour: Array) -> Mesh:
    """The left half of the gaps of boot lid and rear bumper."""
    hull, half = body.hull, body.size.width / 2
    bumper = np.linspace(0.0, -0.93 * half, 8)[None] * -1
    across = hull.end(bumper[:, ::-1], np.asarray([[0.475], [0.455]]), front=False)
    down = hull.end(np.asarray([[0.7 * half, 0.7 * half - 0.016]]), np.linspace(0.95, 0.5, 6)[:, None], front=False)
    if kind == "truck":
        return pane(across, colour=colour, lift=0.008)
    return merge([pane(across, colour=colour, lift=0.008), pane(down, colour=colour, lift=0.008)])


def _mirrors(kind: str, body: Body, *, paint: Colour) -> Part:
    size = body.size
    tall = kind in ("truck", "bus")
    x = size.length / 2 - size.cowl - (0.0 if tall else 0.32)
    y = float(body.cabin.side(min(x, body.cabin.edge(0.3) - 0.05), 0.2)[1])
    radii = (0.08, 0.13, 0.22) if tall else (0.07, 0.12, 0.085)
    shade = PLASTIC if tall else paint
    head = ellipsoid(radii, centre=(x, y + 0.13, size.belt + (0.35 if tall else 0.1)), colour=shade, rows=7, columns=10)
    return Part(both(head), gloss=0.5)


def _rails(cabin: Shell) -> Mesh:
    x = np.linspace(cabin.edge(0.95) - 0.25, cabin.edge(0.95, front=False) + 0.25, 7)
    edge = cabin.side(x, np.ones_like(x))
    pieces = []
    for a, b in pairwise(edge):
        middle = (a + b) / 2
        piece = box((float(abs(a[0] - b[0])) + 0.02, 0.04, 0.045), colour=(0.55, 0.56, 0.58))
        pieces.append(translate(piece, (float(middle[0]), float(middle[1]), float(middle[2]) + 0.05)))
    return both(merge(pieces))
