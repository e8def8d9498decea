"""A camera station: where it hangs, what it looks at, in which light, and what it does to an image."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from reseen.synth.render.shading import Light

Range = tuple[float, float]


@dataclass(frozen=True)
class Sensor:
    """What a camera does to its images.

    ``resolution``: range of the share of the written image's pixels that the camera really had on the object.
    ``blur``: radius in pixels of an image 128 high; ``smear``: the same along x, by motion. ``noise``: standard
    deviation in grey levels of 255. ``quality`` of the JPEG. ``gains``: red, green and blue, the white balance.
    ``contrast`` about mid-grey, ``saturation``, ``exposure``: factors.
    """

    resolution: Range = (0.7, 1.0)
    blur: float = 0.3
    smear: float = 0.0
    noise: float = 3.0
    quality: int = 80
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    saturation: float = 1.0
    exposure: float = 1.0


@dataclass(frozen=True)
class Station:
    """One camera.

    ``height`` metres above the ground; ``distance`` range of metres along the ground; ``bearings``: sectors (centre,
    half width) in degrees in which the object sees the camera, 0 straight ahead of it, 90 on its left. ``light`` falls
    on the object and on the street alike and is given for an object that heads along +x. ``street``: the
    backdrop's style; ``seed``: of all that is drawn into it. ``occlusion``: how often something stands in front.
    ``lanes``: where across the street objects go, metres from its middle.
    """

    number: int
    height: float
    distance: Range
    bearings: tuple[Range, ...]
    light: Light
    street: str
    seed: int
    sensor: Sensor
    lamps_on: bool = False
    occlusion: float = 0.25
    lanes: tuple[float, ...] = (-1.75, 1.75)


@dataclass(frozen=True)
class Weather:
    """A kind of light: linear sun, sky and ground, the range of the sun's height in degrees, lamps or not.

    ``noise`` and ``gain``: what a camera that turns itself up in this light makes of an image.
    """

    sun: tuple[float, float, float]
    sky: tuple[float, float, float]
    ground: tuple[float, float, float]
    elevation: Range
    lamps_on: bool = False
    noise: float = 2.0
    gain: float = 1.0


WEATHERS: Mapping[str, Weather] = MappingProxyType(
    {
        "clear": Weather((0.8, 0.76, 0.68), (0.3, 0.34, 0.41), (0.14, 0.13, 0.12), (35, 65)),
        "haze": Weather((0.45, 0.44, 0.42), (0.45, 0.47, 0.5), (0.16, 0.16, 0.15), (35, 60)),
        "overcast": Weather((0.1, 0.1, 0.11), (0.62, 0.65, 0.7), (0.17, 0.17, 0.17), (50, 70)),
        "evening": Weather((0.85, 0.55, 0.3), (0.24, 0.27, 0.36), (0.12, 0.1, 0.08), (14, 26)),
        "dusk": Weather(
            (0.05, 0.05, 0.07), (0.21, 0.24, 0.33), (0.06, 0.06, 0.07), (40, 60), lamps_on=True, noise=5.0, gain=1.6
        ),
        "lamplight": Weather(
            (0.42, 0.3, 0.14), (0.07, 0.065, 0.07), (0.04, 0.035, 0.02), (55, 75), lamps_on=True, noise=5.5, gain=1.7
        ),
        "rain": Weather(
            (0.04, 0.04, 0.05), (0.42, 0.45, 0.5), (0.1, 0.1, 0.11), (50, 70), lamps_on=True, noise=3.5, gain=1.2
        ),
    }
)
"""The kinds of light: name -> Weather."""


def lit(name: str, rng: np.random.Generator) -> Light:
    """One station's light of the kind ``name``, its sun somewhere in the sky."""
    weather = WEATHERS[name]
    azimuth = rng.uniform(0, 2 * np.pi)
    height = np.deg2rad(rng.uniform(*weather.elevation))
    way = (np.cos(azimuth) * np.cos(height), np.sin(azimuth) * np.cos(height), np.sin(height))
    direction = (float(way[0]), float(way[1]), float(way[2]))
    return Light(direction, weather.sun, weather.sky, weather.ground)


def draw_sensor(rng: np.random.Generator, *, weather: Weather) -> Sensor:
    """A camera's own way with images in the light that it works in."""
    warm = np.clip(rng.normal(0, 0.17), -0.3, 0.3)
    return Sensor(
        resolution=(float(rng.uniform(0.42, 0.8)), float(rng.uniform(0.85, 1.0))),
        blur=float(rng.uniform(0.0, 0.7)),
        smear=float(rng.choice([0.0, 0.0, 0.6])),
        noise=float(weather.noise * rng.uniform(0.7, 1.3)),
        quality=int(rng.integers(55, 92)),
        gains=(float(1 + warm), float(1 + rng.normal(0, 0.05)), float(1 - warm)),
        contrast=float(rng.uniform(0.6, 1.25)),
        saturation=float(rng.uniform(0.35, 1.2)),
        exposure=float(weather.gain * rng.uniform(0.75, 1.35)),
    )
