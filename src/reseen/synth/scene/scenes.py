"""The generator of street scenes: from a size and a seed to a set in the layout of Cityscapes.

```
OUT/leftImg8bit/{train,val}/TOWN/TOWN_000000_000019_leftImg8bit.png
OUT/gtFine/{train,val}/TOWN/TOWN_000000_000019_gtFine_labelIds.png
OUT/synth.json
```
"""

import json
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from reseen.errors import ReseenError
from reseen.files import write_atomically
from reseen.progress import ProgressCallback, no_callback
from reseen.synth.draft import check_free, finish_draft, open_draft
from reseen.synth.render.mesh import Array
from reseen.synth.render.pool import work_through
from reseen.synth.render.shading import Light
from reseen.synth.render.shot import develop
from reseen.synth.render.station import WEATHERS, lit
from reseen.synth.scene.fleet import Fleet
from reseen.synth.scene.labels import LABELS
from reseen.synth.scene.shoot import Photographer, SceneShot, View
from reseen.synth.scene.sky import draw_air, horizon
from reseen.synth.scene.street import draw_street
from reseen.synth.scene.town import NAMES, Town, aim, bonnet, draw_sensor, draw_towns, draw_weather

TOWNS = len(NAMES)
SMALLEST = 32
"""The least height of an image, pixels; its width is twice that."""
BATCH = 4
"""Images that a process takes before it reports."""


class SceneSet(NamedTuple):
    """The set's folder, and the images of each split."""

    root: Path
    train: int
    val: int


class SceneSettings(NamedTuple):
    """The settings that all images of a set share."""

    root: Path
    size: tuple[int, int]
    seed: int


def synthesise_scenes(
    out: Path,
    *,
    images: int = 400,
    image_size: int = 256,
    seed: int = 0,
    workers: int = 2,
    progress: ProgressCallback | None = None,
) -> SceneSet:
    """Render street scenes with label maps, in Cityscapes' layout, into a new folder.

    The same arguments give the same bytes, whatever ``workers`` is. A run that was stopped leaves its images in a
    hidden folder beside ``out``, and the same call goes on from them.

    Args:
        out: The folder to write. It must not exist or be empty; it appears when the set is complete.
        images: How many scenes; three quarters are for training.
        image_size: Height in pixels; a scene is twice as wide.
        seed: Decides everything that is drawn at random.
        workers: Processes that render. More than 1 import the calling script afresh: guard it with
            ``if __name__ == "__main__"``.
        progress: Called in this process with (done, total) scenes.

    Returns:
        The folder and the counts of its splits.

    Raises:
        ReseenError: For impossible sizes, and for an ``out`` that holds files.

    Example (not run):
        ```python
        synthesise_scenes(Path("data/scenes"), images=400)
        ```
    """
    _check(out, images=images, image_size=image_size, seed=seed)
    settings = {"images": images, "image_size": [image_size, 2 * image_size], "seed": seed}
    order = SceneSettings(open_draft(out, settings), (image_size, 2 * image_size), seed)
    todo = [place for place in range(images) if not all(path.exists() for path in files(order.root, place))]
    done = images - len(todo)
    tell = progress or no_callback
    tell(done, images)
    jobs = [tuple(todo[start : start + BATCH]) for start in range(0, len(todo), BATCH)]
    for taken in work_through(partial(Scenes, order), jobs, workers=workers):
        done += taken
        tell(done, images)
    facts = {"made_by": "reseen synth", "kind": "scene", "layout": "cityscapes", **settings, "labels": dict(LABELS)}
    (order.root / "synth.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    finish_draft(order.root, out)
    val = len(range(TOWNS - 1, images, TOWNS))
    return SceneSet(out, images - val, val)


class Scenes:
    """One process's renderer, its towns, and the vehicles and persons that it has built so far."""

    def __init__(self, order: SceneSettings) -> None:
        self._order = order
        self._towns = draw_towns(np.random.default_rng([order.seed, 0]))
        self._fleets = {split: Fleet((order.seed, 1, number)) for number, split in enumerate(("train", "val"))}
        self._photographer = Photographer(order.size)

    def close(self) -> None:
        """Give the renderer back."""
        self._photographer.close()

    def take(self, places: tuple[int, ...]) -> int:
        """The scenes of these numbers, written; how many they are."""
        for place in places:
            self._one(place)
        return len(places)

    def _one(self, place: int) -> None:
        rng = np.random.default_rng([self._order.seed, 2, place])
        town, size = self._towns[place % TOWNS], self._order.size
        weather = draw_weather(rng)
        lamps_on = WEATHERS[weather].lamps_on
        fleet = self._fleets[split_of(place)]
        street = draw_street(rng, urban=float(rng.uniform(*town.urban)), fleet=fleet, lamps_on=lamps_on)
        camera = aim(town, eye=street.eye, size=size, rng=rng)
        light = lit(weather, rng)
        shot = self._photographer.shoot(View(street, camera, light, draw_air(weather, rng)))
        seen = _behind_bonnet(shot, town, light)
        image, labels = files(self._order.root, place)
        _save(develop(seen.image, draw_sensor(weather, rng), rng), image)
        _save(Image.fromarray(seen.labels), labels)


def split_of(place: int) -> str:
    """The split of the scene of this number: each fourth one is in the town of validation."""
    return "val" if place % TOWNS == TOWNS - 1 else "train"


def files(root: Path, place: int) -> tuple[Path, Path]:
    """The image and the label map of the scene of this number."""
    town = NAMES[place % len(NAMES)]
    name = f"{town}_{place // TOWNS:06d}_000019"
    below = f"{split_of(place)}/{town}/{name}"
    return root / f"leftImg8bit/{below}_leftImg8bit.png", root / f"gtFine/{below}_gtFine_labelIds.png"


def _behind_bonnet(shot: SceneShot, town: Town, light: Light) -> SceneShot:
    """The shot with the car's own bonnet before it, which mirrors the sky."""
    depth = bonnet(town, shot.labels.shape)
    share = np.clip(depth / 0.05, 0, 1)[..., None]
    mirrored = 255 * np.clip(horizon(light) * 0.35, 0, 1) ** (1 / 2.2)
    paint: Array = (1 - share) * mirrored + share * 255 * town.paint * float(np.mean(light.sky)) ** 0.45
    own = depth >= 0
    labels = np.where(own, np.uint8(LABELS["ego vehicle"]), shot.labels)
    return SceneShot(np.where(own[..., None], paint, shot.image).astype(np.float32), labels)


def _save(image: Image.Image, path: Path) -> None:
    """Whole or not at all, so that a stopped run can go on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda file: image.save(file, format="PNG"))


def _check(out: Path, *, images: int, image_size: int, seed: int) -> None:
    if images < TOWNS:
        raise ReseenError(f"images: at least {TOWNS} (one of each town), got {images}")
    if image_size < SMALLEST:
        raise ReseenError(f"image size: at least {SMALLEST} pixels high, got {image_size}")
    if seed < 0:
        raise ReseenError(f"seed: 0 or more, got {seed}")
    check_free(out)
