"""The generator of a town: from a size and a seed to tracks, truth and crops in the layout of CityFlow.

```
OUT/S01/c001/mtsc/mtsc_reseen.txt    what a tracker made of the camera's vehicles and persons, MOT text
OUT/S01/c001/gt/gt.txt               who was where: vehicles and persons that at least two cameras saw
OUT/S01/c001/crops/0007/000123.jpg   track 7 in frame 123
OUT/S01/c001/roi.jpg                 white, as large as the camera's frame
OUT/cam_timestamp/S01.txt            when each camera's first frame was, seconds; cam_rate, cam_framenum likewise
OUT/list_cam.txt                     the cameras
OUT/classes.txt                      in a town with persons: the classes in the eighth column of tracks and truth
OUT/synth.json                       the settings, the cameras' places, who was seen
```
"""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import NamedTuple

from reseen.progress import ProgressCallback, no_callback
from reseen.synth.crossing.crop_studio import CropSettings, CropStudio
from reseen.synth.crossing.crops import crops_of, jobs_of
from reseen.synth.crossing.facts import town_facts
from reseen.synth.crossing.files import write_cameras, write_classes, write_tracks, write_truth
from reseen.synth.crossing.noise import TrackerNoise
from reseen.synth.crossing.scenario import Scenario, draw_scenario
from reseen.synth.crossing.settings import check_settings
from reseen.synth.draft import check_free, finish_draft, open_draft
from reseen.synth.render.pool import work_through

BATCH = 32
"""Crops that a process renders before it reports."""


class CrossingSet(NamedTuple):
    """The set's folder; its cameras; who at least two cameras saw; passes, tracks and boxes of tracks.

    ``persons``: how many of the identities are persons.
    """

    root: Path
    cameras: int
    identities: int
    passes: int
    tracks: int
    boxes: int
    persons: int = 0


def synthesise_crossing(  # noqa: PLR0913 - each is a setting that the command line has too
    out: Path,
    *,
    vehicles: int = 60,
    persons: int = 0,
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
    """Render vehicles and persons that go through a small town of cameras, with a tracker's tracks and the truth.

    Every vehicle takes its own way through the streets at its own speed, so that travel times between cameras are
    real; the two of a pair of twins enter within the same minute. Persons walk on the pavements, at 1.1 to 1.7 m/s,
    from a door anywhere in the town to another; some are on their way when the recording begins or ends. Streets are
    long for who walks, so of the walks that come to mind each takes the first that two cameras see in the time that
    there is, if one does. The tracker errs in each kind alone: it never exchanges a vehicle and a person. Persons leave
    the vehicles and their tracks as they would be without them.

    In a town with persons, the eighth value of a line of tracks and truth is the box's class, 1 for a person and 3 for
    a vehicle as in MOTChallenge, which ``classes.txt`` names; identities are numbered over both kinds. The same
    arguments give the same bytes, whatever ``workers`` is. A run that was stopped leaves its crops in a hidden folder
    beside ``out``, and the same call goes on from them. The layout is CityFlow's; `reseen.data.tracks` reads it.

    Args:
        out: The folder to write. It must not exist or be empty; it appears when the set is complete.
        vehicles: How many vehicles drive through the town; 0, or 2 and more.
        persons: How many persons walk through it; 0, or 2 and more.
        cameras: How many cameras watch, 2 or more, each in a street of its own.
        minutes: How long they watch.
        seed: Decides the town, the vehicles and everything else that is drawn at random.
        rate: Frames a second.
        image_size: The longest side of a crop, pixels; smaller boxes keep their own size.
        twins: Share of the vehicles, and of the persons, 0..1, that come in pairs which differ in small marks only.
        noise: What the tracker does wrong; without it, as `TrackerNoise` says.
        workers: Processes that render. More than 1 import the calling script afresh: guard it with
            ``if __name__ == "__main__"``.
        progress: Called in this process with (done, total) crops.

    Returns:
        The folder, and what it holds.

    Raises:
        ReseenError: For impossible sizes, for an ``out`` that holds files, and where nobody passes two cameras.

    Example (not run):
        ```python
        synthesise_crossing(Path("data/crossing"), vehicles=60, cameras=6, minutes=10)
        ```
    """
    check_free(out)
    noise = noise or TrackerNoise()
    settings = {
        "vehicles": vehicles,
        **({"persons": persons} if persons else {}),
        "cameras": cameras,
        "minutes": minutes,
        "seed": seed,
        "rate": rate,
        "image_size": image_size,
        "twins": twins,
        **asdict(noise),
    }
    check_settings(settings)
    made = draw_scenario(settings, noise)
    draft = open_draft(out, settings)
    write_cameras(draft, made.watches, rate=rate, seconds=60 * minutes)
    for camera in range(cameras):
        write_tracks(draft, camera, made.found[camera], classes=persons > 0)
        write_truth(draft, camera, passes=made.passes[camera], numbers=made.numbers, classes=persons > 0)
    if persons:
        write_classes(draft)
    _render(draft, made, settings, workers=workers, progress=progress or no_callback)
    (draft / "synth.json").write_text(json.dumps(town_facts(made, settings), indent=1) + "\n", encoding="utf-8")
    finish_draft(draft, out)
    boxes = [detection for found in made.found for detection in found]
    tracks = {(detection.sighting.camera, detection.track) for detection in boxes}
    walked = sum(made.kind(individual) == "person" for individual in made.numbers)
    return CrossingSet(out, cameras, len(made.numbers), sum(map(len, made.passes)), len(tracks), len(boxes), walked)


def _render(
    root: Path, made: Scenario, settings: dict[str, float], *, workers: int, progress: ProgressCallback
) -> None:
    """Render the crops that are not there yet."""
    crops = crops_of(made, seed=int(settings["seed"]), side=int(settings["image_size"]))
    total = sum(map(len, crops.values()))
    for folder in sorted({(root / crop.file).parent for own in crops.values() for crop in own}):
        folder.mkdir(parents=True, exist_ok=True)
    todo = {number: [crop for crop in own if not (root / crop.file).exists()] for number, own in crops.items()}
    jobs = jobs_of(made.individuals, todo, batch=BATCH)
    done = total - sum(len(job.crops) for job in jobs)
    progress(done, total)
    walked = made.vehicles < len(made.individuals)
    make = partial(CropStudio, CropSettings(root, int(settings["image_size"]), made.watches, walked))
    for taken in work_through(make, jobs, workers=workers) if jobs else ():
        done += taken
        progress(done, total)
