"""The six stations that watch people: on house fronts, in halls, over squares, each with its own light and sensor."""

import numpy as np

from reseen.data.synth.shading import Light
from reseen.data.synth.station import WEATHERS, Sensor, Station, lit

CAMERAS = 6

# number: height, distance, first bearing, place, light, occlusion
_SITES = (
    (3.4, (6.0, 12.0), 20.0, "pavement", "clear", 0.25),
    (2.7, (4.5, 8.0), 70.0, "mall", "haze", 0.35),
    (3.0, (5.0, 10.0), 150.0, "hall", "indoor", 0.20),
    (4.6, (8.0, 15.0), 250.0, "campus", "evening", 0.30),
    (2.5, (4.0, 9.0), 300.0, "platform", "lamps", 0.30),
    (5.5, (9.0, 16.0), 110.0, "square", "overcast", 0.15),
)
_INDOOR = {
    "indoor": Light((0.2, 0.3, 0.93), (0.34, 0.32, 0.27), (0.46, 0.44, 0.39), (0.22, 0.21, 0.19)),
    "lamps": Light((-0.5, 0.2, 0.84), (0.40, 0.40, 0.36), (0.17, 0.19, 0.19), (0.08, 0.09, 0.08)),
}
# resolution, blur, smear, noise, quality, gains, contrast, saturation, exposure
_SENSORS = (
    Sensor((0.75, 1.0), 0.2, 0.0, 2.5, 85, (1.03, 1.0, 0.97), 1.05, 1.05, 1.0),
    Sensor((0.55, 0.85), 0.4, 0.0, 4.0, 75, (0.97, 1.0, 1.06), 0.92, 0.8, 1.05),
    Sensor((0.7, 1.0), 0.3, 0.0, 3.0, 80, (1.10, 1.0, 0.86), 0.9, 0.9, 0.95),
    Sensor((0.5, 0.8), 0.3, 0.4, 3.5, 78, (1.05, 0.98, 0.94), 1.0, 0.95, 1.05),
    Sensor((0.55, 0.9), 0.5, 0.3, 5.5, 65, (0.93, 1.04, 0.96), 0.95, 0.7, 1.25),
    Sensor((0.35, 0.55), 0.5, 0.0, 3.5, 60, (0.95, 0.98, 1.08), 0.85, 0.75, 1.1),
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
        light=_INDOOR[weather] if weather in _INDOOR else lit(weather, rng),
        street=place,
        seed=int(rng.integers(2**31)),
        sensor=_SENSORS[number - 1],
        lamps_on=weather in WEATHERS and WEATHERS[weather].lamps_on,
        occlusion=occlusion,
    )
