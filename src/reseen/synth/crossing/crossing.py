"""The generator of a town: from a size and a seed to tracks, truth and crops in the layout of CityFlow.

```
OUT/S01/c001/mtsc/mtsc_reseen.txt    what a tracker made of the camera's vehicles, MOT text
OUT/S01/c001/gt/gt.txt               who was where: vehicles that at least two cameras saw
OUT/S01/c001/crops/0007/000123.jpg   track 7 in frame 123
OUT/S01/c001/roi.jpg                 white, as large as the camera's frame
OUT/cam_timestamp/S01.txt            when each camera's first frame was, seconds; cam_rate, cam_framenum likewise
OUT/list_cam.txt                     the cameras
OUT/synth.json                       the settings, the cameras' places, the vehicles
```
"""

import json
from collections import defaultdict
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reseen.errors import ReseenError
from reseen.progress import ProgressCallback, no_callback
from reseen.synth.crossing.crops import (
    Crop,
    CropSettings,
    CropStudio,
    hidden_frames,
    jobs_of,
    pixels_of,
    share_of,
)
from reseen.synth.crossing.files import crop_file, name_of, write_cameras, write_tracks, write_truth
from reseen.synth.crossing.noise import TrackerNoise
from reseen.synth.crossing.scenario import Scenario, draw_scenario
from reseen.synth.crossing.town import Town, distances
from reseen.synth.crossing.trips import FASTEST
from reseen.synth.crossing.watch import Watch
from reseen.synth.draft import check_free, finish_draft, open_draft
from reseen.synth.plan import twin_pairs
from reseen.synth.render.pool import work_through
from reseen.synth.vehicle import describe

SMALLEST = 32
"""The least side of the largest crops, pixels."""
BATCH = 32
"""Crops that a process renders before it reports."""


class CrossingSet(NamedTuple):
    """The set's folder; its cameras; vehicles that at least two cameras saw; passes, tracks and boxes of tracks."""

    root: Path
    cameras: int
    identities: int
    passes: int
    tracks: int
    boxes: int


def synthesise_crossing(  # noqa: PLR0913 - each is a setting that the command line has too
    out: Path,
    *,
    vehicles: int = 60,
    cameras: int = 6,
    minutes: float = 10.0,
    seed: int = 0,
    rate: float = 5.0,
    image_size: int = 128,
    twins: float = 0.5,
    noise: TrackerNoise | None = None,
    workers: int = 2,
    progress: ProgressCallback | None = None,
) -> CrossingSet:
    """Render vehicles that drive through a small town of cameras, with a tracker's tracks and the truth.

    Every vehicle takes its own way through the streets at its own speed, so that travel times between cameras are
    real; the two of a pair of twins enter within the same minute. The same arguments give the same bytes, whatever
    ``workers`` is. A run that was stopped leaves its crops in a hidden folder beside ``out``, and the same call goes
    on from them. The layout is CityFlow's; `reseen.data.tracks` reads it.

    Args:
        out: The folder to write. It must not exist or be empty; it appears when the set is complete.
        vehicles: How many vehicles drive through the town.
        cameras: How many cameras watch, 2 or more, each in a street of its own.
        minutes: How long they watch.
        seed: Decides the town, the vehicles and everything else that is drawn at random.
        rate: Frames a second.
        image_size: The longest side of a crop, pixels; smaller boxes keep their own size.
        twins: Share of the vehicles, 0..1, that come in pairs which differ in small marks only.
        noise: What the tracker does wrong; without it, as `TrackerNoise` says.
        workers: Processes that render. More than 1 import the calling script afresh: guard it with
            ``if __name__ == "__main__"``.
        progress: Called in this process with (done, total) crops.

    Returns:
        The folder, and what it holds.

    Raises:
        ReseenError: For impossible sizes, for an ``out`` that holds files, and where no vehicle passes two cameras.

    Example (not run):
        ```python
        synthesise_crossing(Path("data/crossing"), vehicles=60, cameras=6, minutes=10)
        ```
    """
    check_free(out)
    noise = noise or TrackerNoise()
    settings = {
        "vehicles": vehicles,
        "cameras": cameras,
        "minutes": minutes,
        "seed": seed,
        "rate": rate,
        "image_size": image_size,
        "twins": twins,
        **asdict(noise),
    }
    _check(settings)
    made = draw_scenario(settings, noise)
    draft = open_draft(out, settings)
    write_cameras(draft, made.watches, rate=rate, seconds=60 * minutes)
    for camera in range(cameras):
        write_tracks(draft, camera, made.found[camera])
        write_truth(draft, camera, passes=made.passes[camera], numbers=made.numbers)
    _render(draft, made, settings, workers=workers, progress=progress or no_callback)
    (draft / "synth.json").write_text(json.dumps(_facts(made, settings), indent=1) + "\n", encoding="utf-8")
    finish_draft(draft, out)
    boxes = [detection for found in made.found for detection in found]
    tracks = {(detection.sighting.camera, detection.track) for detection in boxes}
    return CrossingSet(out, cameras, len(made.numbers), sum(map(len, made.passes)), len(tracks), len(boxes))


def _check(settings: dict[str, float]) -> None:
    """ReseenError for settings that cannot be met."""
    least = {"vehicles": 2, "cameras": 2, "minutes": 0.5, "seed": 0, "rate": 1, "image_size": SMALLEST}
    for name, value in least.items():
        if not value <= settings[name] < float("inf"):
            raise ReseenError(f"{name}: at least {value}, got {settings[name]:g}")
    if not 0 <= settings["twins"] <= 1:
        raise ReseenError(f"twins: a share from 0 to 1, got {settings['twins']:g}")


def _render(
    root: Path, made: Scenario, settings: dict[str, float], *, workers: int, progress: ProgressCallback
) -> None:
    """Render the crops that are not there yet."""
    crops = _crops(made, seed=int(settings["seed"]), side=int(settings["image_size"]))
    total = sum(map(len, crops.values()))
    for folder in sorted({(root / crop.file).parent for own in crops.values() for crop in own}):
        folder.mkdir(parents=True, exist_ok=True)
    todo = {vehicle: [crop for crop in own if not (root / crop.file).exists()] for vehicle, own in crops.items()}
    jobs = jobs_of(made.vehicles, todo, batch=BATCH)
    done = total - sum(len(job.crops) for job in jobs)
    progress(done, total)
    make = partial(CropStudio, CropSettings(root, int(settings["image_size"]), made.watches))
    for taken in work_through(make, jobs, workers=workers) if jobs else ():
        done += taken
        progress(done, total)


def _crops(made: Scenario, *, seed: int, side: int) -> dict[int, list[Crop]]:
    """All crops by vehicle; those that show none stand under -1."""
    crops: dict[int, list[Crop]] = defaultdict(list)
    for found, watch in zip(made.found, made.watches, strict=True):
        for detection in found:
            own = detection.sighting
            key = (seed, 2, 5, own.camera, own.vehicle + 1, int(own.frames[0]))
            thing = own.vehicle < 0
            hidden = hidden_frames(
                len(own.frames), occlusion=watch.station.occlusion, thing=thing, rng=np.random.default_rng([*key, 3])
            )
            crops[own.vehicle].append(
                Crop(
                    file=crop_file(detection),
                    camera=own.camera,
                    along=float(own.along[detection.place]),
                    lane=own.lane,
                    way=own.way,
                    size=own.size,
                    window=share_of(detection.box, own.boxes[detection.place]),
                    pixels=pixels_of(detection.box, side),
                    seed=key,
                    number=detection.place,
                    hidden=detection.place in hidden,
                )
            )
    return crops


def _facts(made: Scenario, settings: dict[str, float]) -> dict[str, object]:
    """What stands in synth.json."""
    pairs = twin_pairs([vehicle.twin for vehicle in made.vehicles])
    street = distances(made.town, [watch.post for watch in made.watches])
    names = [name_of(camera) for camera in range(len(made.watches))]
    return {
        "made_by": "reseen synth",
        "kind": "crossing",
        "layout": "cityflow",
        **settings,
        "fastest": FASTEST,
        "twin_pairs": [
            [made.numbers[one], made.numbers[other]] for one, other in pairs if {one, other} <= {*made.numbers}
        ],
        "camera": {
            name: {"street": watch.station.street, "start": watch.start, "place": _place(made.town, watch)}
            for name, watch in zip(names, made.watches, strict=True)
        },
        "metres_between": {
            name: {other: round(row[column], 1) for column, other in enumerate(names)}
            for name, row in zip(names, street, strict=True)
        },
        "identity": {
            str(number): {**describe(made.vehicles[vehicle]).facts, "marks": [*describe(made.vehicles[vehicle]).marks]}
            for vehicle, number in sorted(made.numbers.items(), key=lambda item: item[1])
        },
    }


def _place(town: Town, watch: Watch) -> list[float]:
    """Where the camera hangs in the town, metres."""
    street = town.streets[watch.post.street]
    one, other = (np.asarray(town.junctions[k]) for k in (street.first, street.second))
    return [round(float(value), 1) for value in one + (other - one) * watch.post.along / street.length]
