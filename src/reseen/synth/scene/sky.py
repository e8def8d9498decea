"""Sky and air: a gradient with clouds above, and the haze that things fade into with distance."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from reseen.synth.render.mesh import Array
from reseen.synth.render.shading import Light


class Air(NamedTuple):
    """``reach``: metres after which a third of a thing's own light is left. ``clouds``: their cover, 0..1."""

    reach: float
    clouds: float
    seed: int


REACH = {"haze": (130.0, 260.0), "rain": (150.0, 320.0), "overcast": (300.0, 800.0)}
CLOUDS = {"clear": (0.0, 0.5), "overcast": (0.9, 1.0), "rain": (0.95, 1.0), "haze": (0.6, 0.9)}


def draw_air(weather: str, rng: np.random.Generator) -> Air:
    """The air of one scene in a weather of `reseen.synth.render.station.WEATHERS`."""
    reach = float(rng.uniform(*REACH.get(weather, (500.0, 1500.0))))
    return Air(reach, float(rng.uniform(*CLOUDS.get(weather, (0.2, 0.8)))), int(rng.integers(2**31)))


def horizon(light: Light) -> Array:
    """(3,) linear light of the sky where it meets the ground, and of haze."""
    return np.asarray(np.minimum(1.35 * np.asarray(light.sky) + 0.12 * np.asarray(light.sun), 1.1), np.float32)


def sky(up: Array, across: Array, *, light: Light, air: Air) -> Array:
    """(P, 3) linear light from directions: ``up`` (P,), their rise, and ``across`` (P,), their turn, radians."""
    low = horizon(light)
    blue = np.asarray(light.sky, np.float32) * np.asarray((0.8, 1.05, 1.5), np.float32)
    high = (1 - air.clouds) * blue + air.clouds * low * 0.85
    rise = np.clip(up / 0.5, 0, 1)[:, None] ** 0.6
    clear = low * (1 - rise) + high * rise
    # Clouds lie in a plane above, so they crowd together towards the horizon.
    depth = 1 / np.maximum(up, 0.04)
    puffs = _noise(air.seed)[(depth * 9).astype(np.int64) % 512, (across * depth * 14).astype(np.int64) % 512]
    cover = np.clip((puffs - 1 + 1.5 * air.clouds) * 1.3, 0, 1)[:, None] * np.clip(up * 8, 0, 1)[:, None]
    return np.asarray(clear * (1 - 0.6 * cover) + np.minimum(low * 1.1, 1.1) * 0.6 * cover, np.float32)


def hazed(linear: Array, distance: Array, *, light: Light, air: Air) -> Array:
    """(P, 3) light that has come ``distance`` (P,) metres through the air."""
    left = np.exp(-distance / air.reach)[:, None].astype(np.float32)
    return np.asarray(linear * left + horizon(light) * (1 - left))


def _noise(seed: int) -> Array:
    """(512, 512) smooth spots of deviation about 1, several sizes."""
    rng = np.random.default_rng(seed)
    octaves = [
        np.asarray(Image.fromarray(rng.normal(0, share, (cells, cells)).astype(np.float32)).resize((256, 256), 3))
        for cells, share in ((6, 0.9), (16, 0.6), (48, 0.35))
    ]
    tile = np.asarray(sum(octaves), np.float32)
    # Mirrored, it repeats without a seam.
    return np.block([[tile, tile[:, ::-1]], [tile[::-1], tile[::-1, ::-1]]])
