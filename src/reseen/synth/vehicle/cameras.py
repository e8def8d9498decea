"""The twenty stations that watch vehicles: on poles and gantries, in all kinds of light."""

import numpy as np

from reseen.synth.render.station import WEATHERS, Station, draw_sensor, lit
from reseen.synth.vehicle.paving import STREETS

CAMERAS = 20
_LANES = (-5.25, -1.75, 1.75, 5.25)
_LIGHTS = ("clear", "overcast", "haze", "clear", "evening", "dusk", "rain", "haze", "lamplight", "overcast")


def stations(rng: np.random.Generator) -> list[Station]:
    """Twenty cameras; each sees passing vehicles from two or three limited sectors."""
    streets = list(STREETS)
    return [_station(number, streets[number % len(streets)], rng) for number in range(1, CAMERAS + 1)]


def _station(number: int, street: str, rng: np.random.Generator) -> Station:
    weather = _LIGHTS[number % len(_LIGHTS)]
    height = float(rng.uniform(3.2, 8.5))
    near = height * float(rng.uniform(1.5, 2.6)) + 3
    first = float(rng.uniform(-180, 180))
    # A road has two directions: who comes towards the camera on one side goes away on the other.
    bearings = [(first, 20.0), (first + 180 + float(rng.normal(0, 20)), 20.0)]
    if rng.random() < 0.4:
        bearings.append((first + float(rng.choice([-80, 80])), 15.0))
    return Station(
        number=number,
        height=height,
        distance=(near, near * 1.5),
        bearings=tuple(bearings),
        light=lit(weather, rng),
        street=street,
        seed=int(rng.integers(2**31)),
        sensor=draw_sensor(rng, weather=WEATHERS[weather]),
        lamps_on=WEATHERS[weather].lamps_on,
        occlusion=float(rng.uniform(0.05, 0.35)),
        lanes=tuple(lane for lane in _LANES if abs(lane) < STREETS[street].road - 1),
    )
