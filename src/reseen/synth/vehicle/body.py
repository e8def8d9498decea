"""The painted body: lower hull, greenhouse, roof; and the cargo box or bed of the working vehicles."""

from typing import NamedTuple

import numpy as np

from reseen.synth.render.mesh import Colour, Mesh, Part, box, merge
from reseen.synth.vehicle.proportions import Proportions
from reseen.synth.vehicle.shell import Shell, pane

PLASTIC = (0.09, 0.09, 0.1)
UNDERSIDE = (0.03, 0.03, 0.03)
HULL_LEVELS = (0.0, 0.03, 0.09, 0.16, 0.26, 0.36, 0.46, 0.54, 0.62, 0.7, 0.78, 0.85, 0.9, 0.94, 0.97, 1.0)
CABIN_LEVELS = (0.0, 0.12, 0.3, 0.5, 0.68, 0.82, 0.9, 0.95, 0.98, 1.0)


class Body(NamedTuple):
    """The shells that everything else is fixed to; ``cargo`` is a truck's box, or None."""

    hull: Shell
    cabin: Shell
    cargo: Shell | None
    size: Proportions


def shells(kind: str, size: Proportions) -> Body:
    """The shells of one model."""
    hull = _hull(size, length=_cab_length(kind, size))
    cabin = _cabin(kind, size)
    return Body(hull, cabin, _cargo(size) if kind == "truck" else None, size)


def painted(body: Body, *, paint: Colour, gloss: float, cladding: bool, cargo_paint: Colour) -> list[Part]:
    """The body in its paint; ``cladding``: sills and bumper edges of bare plastic."""
    paint = np.asarray(paint)
    rows = np.repeat(paint[None], len(HULL_LEVELS), axis=0)
    rows[: 4 if cladding else 2] = PLASTIC
    # Less light reaches the flanks near the road.
    rows[2:8] *= np.linspace(0.8, 1.0, 6)[:, None]
    # Panes and bands lie a centimetre or two above the body: a long one needs as short facets as a short one.
    count = 72 if body.size.length < 7 else 128
    hull = merge(
        [
            body.hull.wall(HULL_LEVELS, count=count, colours=rows),
            body.hull.lid(count=count, crown=0.05, colour=paint, across=11),
        ]
    )
    cabin = merge(
        [
            body.cabin.wall(CABIN_LEVELS, count=count, colours=paint),
            body.cabin.lid(count=count, crown=0.045, colour=paint, across=9),
        ]
    )
    parts = [Part(hull, gloss=gloss), Part(cabin, gloss=gloss)]
    parts.append(Part(body.hull.floor(count=40, colour=UNDERSIDE)))
    if body.cargo is not None:
        parts += _freight(body, body.cargo, cargo_paint)
    return parts


def _hull(size: Proportions, *, length: float) -> Shell:
    nose = size.length / 2
    tail = nose - length
    half = size.width / 2
    return Shell(
        front=[(t, nose + d) for t, d in _FRONT],
        rear=[(t, tail - d) for t, d in _REAR],
        half=[(t, half * k) for t, k in _FLANK],
        low=[(tail, size.sill + 0.05), (tail + 0.4, size.sill), (nose - 0.6, size.sill), (nose, size.sill + 0.03)],
        high=_deck_line(size, tail=tail),
        nose=size.nose_round,
        tail=size.tail_round,
    )


_FRONT = ((0, -0.07), (0.06, -0.02), (0.2, 0), (0.45, 0), (0.54, -0.025), (0.62, -0.05), (0.8, -0.08),
          (0.9, -0.12), (0.97, -0.19), (1, -0.27))  # fmt: skip
_REAR = ((0, -0.07), (0.06, -0.02), (0.2, 0), (0.5, 0), (0.56, -0.03), (0.8, -0.04), (0.92, -0.06), (1, -0.12))
_FLANK = ((0, 0.945), (0.04, 0.97), (0.16, 0.985), (0.36, 0.995), (0.5, 1), (0.62, 0.995), (0.7, 0.985), (0.8, 0.98),
          (0.9, 0.972), (0.95, 0.96), (0.98, 0.945), (1, 0.915))  # fmt: skip


def _deck_line(size: Proportions, *, tail: float) -> list[tuple[float, float]]:
    nose = size.length / 2
    cowl = nose - size.cowl
    rise = size.belt - size.nose_height
    return [
        (tail, size.tail_height - 0.03),
        (tail + 0.1, size.tail_height),
        (tail + size.deck + 0.1, size.belt + 0.01),
        (cowl - 0.1, size.belt),
        (cowl, size.belt - 0.01),
        (cowl + 0.6 * size.cowl, size.belt - 0.42 * rise),
        (nose - 0.1 * size.cowl, size.nose_height + 0.02),
        (nose, size.nose_height - 0.05),
    ]


def _cabin(kind: str, size: Proportions) -> Shell:
    nose, tail = size.length / 2, -size.length / 2
    if kind == "truck":
        tail = nose - _cab_length(kind, size)
    height = size.height if kind != "truck" else size.belt + 0.95
    half = size.width / 2 * 0.94
    roof = half - size.tumblehome
    foot, head = nose - size.cowl + 0.04, nose - size.roof_start
    back_foot, back_head = tail + size.deck, tail + size.roof_end
    return Shell(
        front=[(t, foot + (head - foot) * k) for t, k in _RAKE],
        rear=[(t, back_foot + (back_head - back_foot) * k) for t, k in _RAKE],
        half=[(t, half + (roof - half) * k) for t, k in _RAKE[:-2]] + [(0.98, roof - 0.05), (1, roof - 0.1)],
        low=[(tail, size.belt - 0.05), (nose, size.belt - 0.05)],
        high=[
            (back_head, height - 0.06), (back_head + 0.5, height - 0.035), ((head + back_head) / 2, height - 0.03),
            (head - 0.5, height - 0.045), (head, height - 0.075),
        ],
        nose=6.0,
        tail=max(size.tail_round, 7),
    )  # fmt: skip


_RAKE = ((0, 0.0), (0.3, 0.27), (0.6, 0.57), (0.82, 0.8), (0.9, 0.885), (0.95, 0.95), (0.98, 1.02), (1, 1.12))


def _cab_length(kind: str, size: Proportions) -> float:
    return 1.75 if kind == "truck" else size.length


def _cargo(size: Proportions) -> Shell:
    front = size.length / 2 - _cab_length("truck", size) - 0.12
    rear, half = -size.length / 2, size.width / 2 * 1.03
    edge = ((0, 0.0), (0.015, 0.02), (0.97, 0.02), (0.99, 0.0), (1, -0.03))
    return Shell(
        front=[(t, front + d) for t, d in edge],
        rear=[(t, rear - d) for t, d in edge],
        half=[(t, half + d) for t, d in edge],
        low=[(rear, size.sill + 0.42), (front, size.sill + 0.42)],
        high=[(rear, size.height), (front, size.height)],
        nose=40,
        tail=40,
    )


def _freight(body: Body, cargo: Shell, paint: Colour) -> list[Part]:
    size = body.size
    levels = (0.0, 0.015, 0.08, 0.2, 0.4, 0.6, 0.8, 0.97, 0.99, 1.0)
    walls = merge(
        [
            cargo.wall(levels, count=64, colours=paint),
            cargo.lid(count=64, crown=0.02, colour=paint),
            cargo.floor(count=40, colour=UNDERSIDE),
        ]
    )
    frame = box(
        (size.length - 1.0, size.width * 0.62, 0.3),
        centre=(-0.4, 0, size.sill + 0.28),
        colour=PLASTIC,
        divisions=3,
    )
    return [Part(walls, gloss=0.25), Part(frame)]


def bed(body: Body) -> Mesh:
    """The open bed of a pick-up, seen from above: a dark floor inside the rails."""
    size = body.size
    cab, tail = -size.length / 2 + size.deck - 0.1, -size.length / 2 + 0.25
    x = np.linspace(cab, tail, 8)[:, None]
    y = np.linspace(0.76, -0.76, 9)[None] * size.width / 2
    return pane(body.hull.deck(x, y), colour=(0.06, 0.06, 0.065), lift=0.012)
