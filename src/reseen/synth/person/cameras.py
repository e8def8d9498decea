"""The six stations that watch people: on house fronts, in halls, over squares, each with its own light and sensor."""

import numpy as np

from reseen.synth.render.shading import Light
from reseen.synth.render.station import WEATHERS, Sensor, Station, lit

CAMERAS = 6

# number: height, distance, first bearing, place, light, occlusion
_SITES = (
    (3.4, (6.0, 12.0), 20.0, "pavement", "clear", 0.25),
    (2.7, (4.5, 8.0), 70.0, "mall", "haze", 0.35),
    (3.0, (5.0, 10.0), 150.0, "hall", "indoor", 0.20),
    (4.6, (8.0, 15.0), 250.0, "campus", "lowsun", 0.30),
    (2.5, (4.0, 9.0), 300.0, "platform", "lamps", 0.30),
    (5.5, (9.0, 16.0), 110.0, "square", "overcast", 0.15),
)
_LIGHTS = {
    "indoor": Light((0.2, 0.3, 0.93), (0.34, 0.32, 0.27), (0.46, 0.44, 0.39), (0.22, 0.21, 0.19)),
    "lowsun": Light((0.75, 0.45, 0.48), (0.80, 0.66, 0.52), (0.32, 0.34, 0.38), (0.13, 0.12, 0.10)),
    "lamps": Light((-0.5, 0.2, 0.84), (0.42, 0.42, 0.39), (0.24, 0.26, 0.26), (0.11, 0.12, 0.11)),
}
# resolution, blur, smear, noise, quality, gains, contrast, saturation, exposure
_SENSORS = (
    Sensor((0.75, 1.0), 0.2, 0.0, 2.5, 85, (1.02, 1.0, 0.98), 1.03, 1.05, 1.0),
    Sensor((0.6, 0.9), 0.3, 0.0, 3.0, 78, (0.98, 1.0, 1.03), 0.96, 0.92, 1.03),
    Sensor((0.7, 1.0), 0.3, 0.0, 2.5, 80, (1.05, 1.0, 0.94), 0.95, 0.97, 0.97),
    Sensor((0.6, 0.85), 0.3, 0.3, 3.0, 78, (1.0, 0.99, 0.98), 1.0, 1.0, 1.04),
    Sensor((0.6, 0.9), 0.4, 0.2, 4.0, 70, (0.97, 1.02, 0.98), 0.98, 0.88, 1.2),
    Sensor((0.45, 0.65), 0.4, 0.0, 3.0, 70, (0.98, 0.99, 1.03), 0.93, 0.9, 1.06),
)


def stations(rng: np.random.Generator) -> list[Station]:
    """Six cameras; each sees passers-by from four sectors, and the rare one who turns from anywhere."""
    return [_station(number, rng) for number in range(1, CAMERAS + 1)]


def _station(number: int, rng: np.random.Generator) -> Station:
    height, distance, first, place, weather, occlusion = _SITES[number - 1]
    heading = first + float(rng.uniform(-25, 25))
    # people walk both ways past a camera, and some towards it or away from it
    bearings = tuple((heading + turn, 24.0) for turn in (0.0, 180.0, 45.0, 225.0))
    return Station(
        number=number,
        height=height,
        distance=distance,
        bearings=bearings,
        light=_LIGHTS[weather] if weather in _LIGHTS else lit(weather, rng),
        street=place,
        seed=int(rng.integers(2**31)),
        sensor=_SENSORS[number - 1],
        lamps_on=weather in WEATHERS and WEATHERS[weather].lamps_on,
        occlusion=occlusion,
    )
