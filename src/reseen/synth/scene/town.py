"""The towns of the scenes: how urban each is, and the car that drives through it with its camera."""

from typing import NamedTuple

import numpy as np

from reseen.synth.render.mesh import Array
from reseen.synth.render.renderer import Camera
from reseen.synth.render.station import WEATHERS, Sensor

NAMES = ("ahrenfeld", "birkental", "cordingen", "dornstadt")
"""The last one is for validation: its streets, vehicles and people are met nowhere else."""
SKIES = {"clear": 0.3, "overcast": 0.22, "evening": 0.16, "haze": 0.1, "rain": 0.1, "dusk": 0.12}
"""How often each weather is."""


class Town(NamedTuple):
    """``urban``: range, 0 gardens to 1 closed fronts. ``height`` of the camera, metres; ``wide``: half the width that
    it sees one metre ahead; ``pitch``: radians downwards; ``bonnet``: share of the image's height that the car's own
    bonnet covers; ``paint`` of the bonnet, sRGB.
    """

    name: str
    urban: tuple[float, float]
    height: float
    wide: float
    pitch: float
    bonnet: float
    paint: Array


def draw_towns(rng: np.random.Generator) -> list[Town]:
    """One town a name."""
    low = [0.0, 0.3, 0.55, 0.15]
    return [
        Town(
            name=name,
            urban=(least, least + 0.45),
            height=float(rng.uniform(1.2, 1.6)),
            wide=float(rng.uniform(0.62, 0.85)),
            pitch=float(rng.uniform(0.0, 0.05)),
            bonnet=float(rng.uniform(0.03, 0.09)),
            paint=rng.uniform(0.05, 0.35, 3).astype(np.float32),
        )
        for name, least in zip(NAMES, low, strict=True)
    ]


def aim(town: Town, *, eye: float, size: tuple[int, int], rng: np.random.Generator) -> Camera:
    """The town's camera ``eye`` metres across the street, looking ahead, a little off as the car sways and steers."""
    pitch, yaw = town.pitch + float(rng.normal(0, 0.012)), float(rng.normal(0, 0.05))
    target = (10.0, eye + 10.0 * float(np.tan(yaw)), town.height - 10.0 * float(np.tan(pitch)))
    tall = town.wide * size[0] / size[1]
    return Camera((0.0, eye, town.height), target, (-town.wide, -tall, town.wide, tall))


def draw_weather(rng: np.random.Generator) -> str:
    """One of the weathers, by its share."""
    return str(rng.choice(list(SKIES), p=list(SKIES.values())))


def draw_sensor(weather: str, rng: np.random.Generator) -> Sensor:
    """A good camera behind a windscreen, in that weather."""
    warm = float(rng.normal(0, 0.03))
    return Sensor(
        resolution=(0.85, 1.0),
        blur=float(rng.uniform(0, 0.15)),
        noise=0.6 * WEATHERS[weather].noise * float(rng.uniform(0.7, 1.3)),
        gains=(1 + warm, 1.0, 1 - warm),
        contrast=float(rng.uniform(0.9, 1.15)),
        saturation=float(rng.uniform(0.8, 1.1)),
        exposure=WEATHERS[weather].gain * float(rng.uniform(0.9, 1.15)),
    )


def bonnet(town: Town, size: tuple[int, int]) -> Array:
    """(H, W): how deep each pixel lies in the bonnet, in shares of the image's height; above it negative."""
    rows, columns = size
    u = (np.arange(columns, dtype=np.float32) + 0.5) / columns - 0.5
    edge = 1 - town.bonnet * (1 - np.square(u / 0.56))
    return np.asarray((np.arange(rows, dtype=np.float32)[:, None] + 0.5) / rows - edge, np.float32)
