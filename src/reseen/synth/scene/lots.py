"""The lots beside a street, and what closes the view behind them: houses, gardens and parks."""

import numpy as np

from reseen.synth.scene.buildings import building, draw_style, garden_wall
from reseen.synth.scene.furniture import fence
from reseen.synth.scene.greenery import bush, hedge, tree
from reseen.synth.scene.roadway import CROSS_PAVEMENT, END, SIDES, Roadway
from reseen.synth.scene.thing import Thing, placed


def lots(side: int, roadway: Roadway, *, urban: float, rng: np.random.Generator) -> list[Thing]:
    """The lots along one side of the street, 0 left or 1 right."""
    things: list[Thing] = []
    x = -8.0 + float(rng.uniform(-6, 0))
    edge = roadway.border(side)
    while x < END:
        width = float(rng.uniform(9, 24))
        if abs(x + width / 2 - roadway.junction) < roadway.across + CROSS_PAVEMENT + width / 2:
            x = roadway.junction + roadway.across + CROSS_PAVEMENT + 0.5 if x < roadway.junction else x + 1.0
            continue
        lot = _lot(width - float(rng.choice([0.0, 0.5, 3.0], p=[urban, 0.5 - urban / 2, 0.5 - urban / 2])), urban, rng)
        things += placed(lot, at=(x + width / 2, SIDES[side] * edge), heading=180.0 * side)
        x += width
    return things


def _lot(width: float, urban: float, rng: np.random.Generator) -> list[Thing]:
    """What stands on a lot whose front lies along y = 0, the lot behind it at y > 0."""
    kind = rng.choice(["house", "garden", "park"], p=_mix(urban))
    style = draw_style(rng, shops=0.75 * urban)
    if kind == "house":
        size = (width, float(rng.uniform(8, 12)), float(rng.uniform(7, 10 + 14 * urban)))
        return placed(building(size, style=style, gable=bool(rng.random() > urban), rng=rng), at=(0, 0.3))
    things = _front_edge(width, rng)
    if kind == "garden":
        size = (width * float(rng.uniform(0.5, 0.8)), 8.0, float(rng.uniform(3.2, 7.5)))
        things += placed(building(size, style=style, gable=True, rng=rng), at=(0, float(rng.uniform(4, 7))))
    for _ in range(int(rng.integers(1, 3) if kind == "garden" else rng.integers(3, 8))):
        deep = float(rng.uniform(1.5, 4) if kind == "garden" else rng.uniform(1.5, 14))
        things += placed(tree(float(rng.uniform(4, 12)), rng), at=(float(rng.uniform(-0.5, 0.5)) * width, deep))
    return things


def _mix(urban: float) -> list[float]:
    house = 0.25 + 0.6 * urban
    return [house, (1 - house) * 0.55, (1 - house) * 0.45]


def _front_edge(width: float, rng: np.random.Generator) -> list[Thing]:
    kind = rng.choice(["fence", "wall", "hedge", "bushes", "open"], p=[0.3, 0.25, 0.2, 0.12, 0.13])
    if kind == "fence":
        return fence(width, rng)
    if kind == "wall":
        return garden_wall(width, rng)
    if kind == "hedge":
        return placed(hedge(width, rng), at=(0, 0.5))
    if kind == "open":
        return []
    places = np.arange(-width / 2 + 0.6, width / 2, 1.3)
    return [
        part
        for x in places
        for part in placed(
            bush(rng.uniform(0.9, 1.9, 3).tolist(), rng), at=(float(x), 0.8), heading=float(rng.uniform(0, 180))
        )
    ]


def backdrop(roadway: Roadway, urban: float, rng: np.random.Generator) -> list[Thing]:
    """What closes the view: houses and trees across the street's end and behind its lots."""
    things: list[Thing] = []
    rows = [((END + 22.0, 0.0), -90.0, 120.0)]
    rows += [
        ((50.0, side * (max(roadway.border(0), roadway.border(1)) + 30.0)), 90.0 - 90.0 * side, 150.0) for side in SIDES
    ]
    for middle, heading, length in rows:
        x = -length / 2
        while x < length / 2:
            width = float(rng.uniform(10, 22))
            if rng.random() < 0.3 + 0.5 * urban:
                size = (width, 9.0, float(rng.uniform(6, 9 + 12 * urban)))
                row = building(size, style=draw_style(rng, shops=0.0), gable=rng.random() > urban, rng=rng)
            else:
                row = [
                    part
                    for k in (-0.3, 0.2)
                    for part in placed(tree(float(rng.uniform(8, 15)), rng), at=(k * width, 2 * k))
                ]
            things += placed(placed(row, at=(x + width / 2, 0.0)), at=middle, heading=heading)
            x += width
    return [thing._replace(casts=False) for thing in things]
