"""Roof equipment of vehicles."""

import numpy as np

from reseen.synth.render.mesh import Mesh, box, merge
from reseen.synth.vehicle import painting
from reseen.synth.vehicle.placing import Surroundings, on_deck


def roof_bars(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """Two bars across the roof."""
    cabin, tint = where.body.cabin, rng.choice([(0.1, 0.1, 0.11), (0.7, 0.7, 0.72)])
    half = 0.92 * float(cabin.side(cabin.middle, 1.0)[1])
    top = float(cabin.top(cabin.middle)) + 0.075
    bars = [box((0.07, 2 * half, 0.06), centre=(cabin.middle + x, 0, top), colour=tint)
            for x in (-0.4, 0.4)]  # fmt: skip
    return merge(bars)


def roof_box(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """A luggage box on its bars."""
    cabin = where.body.cabin
    tint = rng.choice([(0.08, 0.08, 0.09), (0.75, 0.75, 0.75), (0.35, 0.36, 0.38)])
    size = (float(rng.uniform(0.9, 1.3)), float(rng.uniform(0.5, 0.8)), 0.24)
    place = (cabin.middle - 0.1, float(rng.uniform(-0.12, 0.12)), float(cabin.top(cabin.middle)) + 0.21)
    return merge([roof_bars(where, rng), box(size, centre=place, colour=tint, divisions=3)])


def roof_lamp(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """A lamp or a lit sign, as taxis and roadworks have."""
    cabin = where.body.cabin
    tint = rng.choice([(0.95, 0.75, 0.1), (0.9, 0.9, 0.85), (0.85, 0.2, 0.1), (0.15, 0.3, 0.8)])
    place = (cabin.middle + 0.25, 0.0, float(cabin.top(cabin.middle)) + 0.12)
    return box((0.16, 0.5, 0.16), centre=place, colour=tint, divisions=2)


def roof_logo(where: Surroundings, rng: np.random.Generator) -> Mesh:
    """An image on the roof."""
    x = where.body.cabin.middle + rng.uniform(-0.2, 0.2)
    wide = rng.uniform(0.5, 0.75)
    return on_deck(where.body.cabin, painting.logo(rng), x=x, y=0, size=(wide, wide), crown=0.045)
