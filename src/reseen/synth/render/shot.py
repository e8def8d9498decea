"""One image: the object on its street, seen through one station's lens and sensor.

H, W = rows and columns of the image.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from reseen.synth.render.mesh import Array
from reseen.synth.render.occlude import Veil, occluder
from reseen.synth.render.renderer import Camera, RenderedObject, Renderer, frame
from reseen.synth.render.shading import Model
from reseen.synth.render.station import Sensor, Station
from reseen.synth.render.street import StreetTiles, look

VIEWS = ("front", "rear", "left", "left-front", "left-rear", "right", "right-front", "right-rear")
"""The eight views in VeRi's order."""

_BY_SECTOR = (0, 3, 2, 4, 1, 7, 5, 6)


def view_of(bearing: float) -> int:
    """The number in VIEWS of what a camera sees that the object has at ``bearing`` degrees (0 ahead, 90 left).

    >>> [VIEWS[view_of(b)] for b in (0, 45, 90, 180, 270, -45)]
    ['front', 'left-front', 'left', 'rear', 'right', 'right-front']
    """
    return _BY_SECTOR[round(bearing / 45) % 8]


class Pass(NamedTuple):
    """One object passing one station: ``bearing`` degrees; ``distance`` and ``lane`` metres; ``turn`` radians."""

    bearing: float
    distance: float
    lane: float
    turn: float


class Snapshot(NamedTuple):
    """The image as it is written, the marks' visible pixels in it (or None), and the view's number."""

    image: Image.Image
    marks: npt.NDArray[np.bool_] | None
    view: int


def draw_pass(station: Station, rng: np.random.Generator) -> Pass:
    """How an object goes by: one of the station's sectors and a lane."""
    centre, half = station.bearings[int(rng.integers(len(station.bearings)))]
    return Pass(
        bearing=float(centre + rng.uniform(-half, half)),
        distance=float(rng.uniform(*station.distance)),
        lane=float(rng.choice(station.lanes) + rng.normal(0, 0.3)),
        turn=float(rng.normal(0, 0.07)),
    )


def snap(
    renderer: Renderer,
    model: Model,
    *,
    station: Station,
    street: StreetTiles,
    going: Pass,
    size: tuple[int, int],
    rng: np.random.Generator,
    masks: bool,
) -> Snapshot:
    """The next image of an object that passes; ``rng`` is this image's own."""
    bearing = going.bearing + float(rng.normal(0, 5))
    camera = _aim(model, station, going, bearing=bearing, aspect=size[1] / size[0], rng=rng)
    seen = renderer.draw(model, camera, station.light, masks=masks)
    shift = (float(rng.uniform(0, 32)), going.lane)
    behind = look(street, camera, size, shift=shift, turn=going.turn + float(rng.normal(0, 0.02)))
    veil = _veil(station, size, rng)
    image = develop(compose(seen, behind, veil), station.sensor, rng)
    marks = seen.marks if veil is None or seen.marks is None else seen.marks & (veil.cover < 0.5)
    return Snapshot(image, marks, view_of(bearing))


def _aim(
    model: Model, station: Station, going: Pass, *, bearing: float, aspect: float, rng: np.random.Generator
) -> Camera:
    way = np.deg2rad(bearing)
    distance = going.distance * float(rng.uniform(0.9, 1.1))
    eye = (distance * float(np.cos(way)), distance * float(np.sin(way)), station.height)
    target = (0.0, 0.0, 0.5 * float(model.vertices[:, 2].max()))
    shift = (float(rng.normal(0, 0.025)), float(rng.normal(0, 0.025)))
    margin = float(rng.uniform(0.0, 0.09))
    return frame(model.vertices, eye=eye, target=target, aspect=aspect, stretch=1.2, margin=margin, shift=shift)


def _veil(station: Station, size: tuple[int, int], rng: np.random.Generator) -> Veil | None:
    if rng.random() >= station.occlusion:
        return None
    light = float(np.mean(station.light.sky) + 0.5 * np.mean(station.light.sun))
    return occluder(size, brightness=min(1.0, light**0.45), rng=rng)


def compose(seen: RenderedObject, behind: npt.NDArray[np.uint8], veil: Veil | None) -> Array:
    """(H, W, 3) 0..255: object over shadowed street, what stands in front over both."""
    ground = ((1 - seen.alpha) * (1 - seen.shadow))[..., None] * behind
    image = 255 * seen.rgb + ground
    if veil is not None:
        cover = veil.cover[..., None]
        image = image * (1 - cover) + veil.rgb * cover
    return image


def develop(linear: Array, sensor: Sensor, rng: np.random.Generator) -> Image.Image:
    """(H, W, 3) 0..255 -> what the sensor makes of it, of the same size."""
    rows, columns = linear.shape[:2]
    # Exposure and white balance drift from image to image, as automatic ones do.
    gain = np.asarray(sensor.gains) * sensor.exposure * rng.uniform(0.8, 1.2) * (1 + rng.normal(0, 0.04, 3))
    # Gains, contrast about mid-grey and saturation in one matrix.
    mix = np.diag(gain * sensor.contrast) @ (
        sensor.saturation * np.eye(3) + (1 - sensor.saturation) * np.full((3, 3), 1 / 3)
    )
    exposed = linear @ mix.astype(np.float32) + np.float32(127 * (1 - sensor.contrast))
    share = float(rng.uniform(*sensor.resolution))
    small = (max(8, round(columns * share)), max(8, round(rows * share)))
    image = Image.fromarray(np.clip(exposed, 0, 255).astype(np.uint8)).resize(small, Image.Resampling.BILINEAR)
    radius = sensor.blur * rows / 128
    if radius + sensor.smear > 0.15:
        image = image.filter(ImageFilter.BoxBlur((radius * share + sensor.smear * rows / 128, radius * share)))
    noisy = _noisy(np.asarray(image, np.float32), sensor.noise, rng)
    return Image.fromarray(noisy).resize((columns, rows), Image.Resampling.BICUBIC)


def _noisy(image: Array, deviation: float, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Noise, stronger in brightness than in colour."""
    count = image.shape[0] * image.shape[1]
    bank = _noise_bank()
    start = int(rng.integers(len(bank) - 4 * count)) if 4 * count < len(bank) else 0
    noise = np.resize(bank[start : start + 4 * count], (*image.shape[:2], 4)) * np.float32(deviation)
    return np.clip(image + noise[..., 3:] + np.float32(0.5) * noise[..., :3], 0, 255).astype(np.uint8)


@lru_cache(maxsize=1)
def _noise_bank() -> Array:
    """A million normal numbers: drawing afresh for each image would cost as much as rendering."""
    return np.random.default_rng(0).standard_normal(2**20, dtype=np.float32)
