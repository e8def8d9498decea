"""Persons walk through the town of cameras: on pavements, at walking pace, tracked apart from vehicles."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars
import pytest
from PIL import Image

from reseen.data.tracks import read_tracks, read_truth
from reseen.errors import ReseenError
from reseen.synth.crossing import TrackerNoise, crop_studio, synthesise_crossing
from reseen.synth.crossing.crop_studio import CropSettings, CropStudio
from reseen.synth.crossing.crops import Crop, CropJob, crops_of
from reseen.synth.crossing.detector import FRAME
from reseen.synth.crossing.gait import Walker, stepping
from reseen.synth.crossing.scenario import Scenario, draw_scenario
from reseen.synth.crossing.town import draw_town
from reseen.synth.crossing.trips import Leg
from reseen.synth.crossing.walks import FASTEST, SLOWEST, draw_walks
from reseen.synth.crossing.watch import Watch, project
from reseen.synth.person.figure import build
from reseen.synth.render.renderer import Camera
from reseen.synth.vehicle.paving import STREETS
from shared import made_once

SETTINGS = {"cameras": 4, "minutes": 5.0, "seed": 2, "rate": 1.0, "image_size": 32, "twins": 0.5}
SWITCHING = TrackerNoise(fragments=0, switches=1.0, false_tracks=0.3, jitter=0, missed=0)
BOX = ("camera", "frame", "left", "top", "width", "height")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of vehicles and persons, where all exchange tracks that can."""
    return (
        made_once(
            tmp_path_factory,
            "crossing_persons",
            lambda folder: synthesise_crossing(
                folder / "town", vehicles=4, persons=4, noise=SWITCHING, workers=0, **SETTINGS
            ),
        )
        / "town"
    )


def scenario(**changes: float) -> Scenario:
    return draw_scenario({**SETTINGS, "vehicles": 0, "persons": 8, **changes}, TrackerNoise())


def test_tracks_and_truth_say_which_boxes_are_persons(town: Path) -> None:
    boxes, truth = read_tracks(town).boxes, read_truth(town)
    assert set(boxes["kind"]) == set(truth["kind"]) == {"person", "vehicle"}
    assert (truth.group_by("identity").agg(polars.col("kind").n_unique())["kind"] == 1).all()
    identities = json.loads((town / "synth.json").read_text())["identity"]
    for identity, kind in truth.select("identity", "kind").unique().iter_rows():
        assert identities[identity]["of"] == kind


def test_the_tracker_exchanges_persons_with_persons_alone() -> None:
    made = draw_scenario({**SETTINGS, "vehicles": 30, "persons": 12}, SWITCHING)
    held: dict[tuple[int, int], set[int]] = {}
    for detection in (detection for own in made.found for detection in own):
        held.setdefault((detection.sighting.camera, detection.track), set()).add(detection.sighting.individual)
    kinds = [{made.kind(individual) for individual in own if individual >= 0} for own in held.values()]
    assert max(map(len, kinds)) == 1
    for kind in ("person", "vehicle"):
        assert any(len(own) == 2 and kinds[place] == {kind} for place, own in enumerate(held.values()))


def test_each_box_of_a_person_has_a_crop_of_its_shape(town: Path) -> None:
    tracks = read_tracks(town)
    assert tracks.boxes["image"].null_count() == 0
    for image, width, height in tracks.boxes.filter(kind="person").select("image", "width", "height").iter_rows():
        scale = min(1, SETTINGS["image_size"] / max(width, height))
        with Image.open(tracks.root / image) as crop:
            assert crop.size == (max(8, round(width * scale)), max(8, round(height * scale)))


def test_the_person_in_a_crop_stands_where_its_camera_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, seen, side = scenario(), [], 64
    compose = crop_studio.compose
    monkeypatch.setattr(crop_studio, "compose", lambda drawn, *rest: [seen.append(drawn), compose(drawn, *rest)][1])
    crops = {who: own[:: len(own) // 3] for who, own in crops_of(made, seed=2, side=side).items() if who >= 0}
    shown = [(made.individuals[who], crop) for who, own in crops.items() for crop in own]
    for _, crop in shown:
        (tmp_path / crop.file).parent.mkdir(parents=True, exist_ok=True)
    studio = CropStudio(CropSettings(tmp_path, side, made.watches, walked=True))
    for walker, crop in shown:
        studio.take(CropJob(walker, (crop,)))
    studio.close()
    assert {crop.way for _, crop in shown} == {1, -1}
    for (walker, crop), drawn in zip(shown, seen, strict=True):
        assert drawn.alpha.shape == (side, side // 2)
        points, tall = projected(walker, crop, made.watches[crop.camera])
        places = np.floor(points * (side // 2, side)).astype(int)
        inside = ((places >= 0) & (places < (side // 2, side))).all(axis=1)
        columns, rows = places[inside].T
        assert (drawn.alpha[rows, columns] > 0).mean() > 0.97, "the whole person is drawn where it stands"
        for axis, found in enumerate((columns, rows)):
            ends = np.flatnonzero(drawn.alpha.max(axis=axis) >= 0.5)[[0, -1]]
            assert np.abs(ends - (found.min(), found.max())).max() <= 1, "and nothing else"
        assert tall > 1.5


def projected(walker: Walker, crop: Crop, watch: Watch) -> tuple[np.ndarray, float]:
    """(V, 2) each point of the person, right and down in shares of the crop, and its height over its width in pixels.

    The person is put before its camera, instead of the camera before the person as the renderer has it. The camera is
    turned to the person, and the box is the same share of the block around the person as in the whole frame.
    """
    watch = watch._replace(pose=Camera(watch.pose.eye, (crop.along, crop.lane, crop.size[2] / 2)))
    built = [part.mesh.vertices for part in build(walker.person, stepping(walker.state, crop.step))]
    body = np.concatenate(built) * (crop.way, crop.way, 1) + (crop.along, crop.lane, 0)
    seen = watch.pose.project(body.astype(np.float32))[:, :2] * (watch.focal, -watch.focal)
    block = project(watch, np.array([crop.along]), lane=crop.lane, size=crop.size)[0] - np.tile(FRAME, 2) / 2
    left, top, right, bottom = crop.window
    shares = (seen - block[:2]) / (block[2:] - block[:2])
    width, height = np.ptp(seen, axis=0)
    return (shares - (left, top)) / (right - left, bottom - top), height / width


def test_persons_leave_the_tracks_of_vehicles_as_they_are(town: Path) -> None:
    alone = draw_scenario({**SETTINGS, "vehicles": 4}, SWITCHING)
    expected = [(detection.track, detection.frame, *detection.box) for own in alone.found for detection in own]
    found = (
        read_tracks(town)
        .boxes.filter(kind="vehicle")
        .select(polars.col("camera"), polars.col("track").cast(polars.Int64), "frame", "left", "top", "width", "height")
    )
    assert sorted(expected) == sorted(row[1:] for row in found.iter_rows())


def test_persons_walk_from_door_to_door_at_walking_pace() -> None:
    town = draw_town(4, np.random.default_rng(0))
    asked: list[list[Leg]] = []

    def nobody(person: int, legs: list[Leg]) -> int:
        asked.append(legs)
        return 0

    walks = draw_walks(town, [(0, 1)], persons=3, seconds=300, seen=nobody, rng=np.random.default_rng(1))
    assert all(walk in asked for walk in walks)
    for legs in walks:
        assert len(legs) >= 2
        assert all(SLOWEST <= leg.speed <= FASTEST and abs(leg.side) == 1 for leg in legs)
        times = [(leg.start + leg.enters / leg.speed, leg.start + leg.leaves / leg.speed) for leg in legs]
        assert all(begin <= end for begin, end in times)
        for (_, left), (entered, _) in pairwise(times):
            assert left - 1e-9 <= entered <= left + 25


def test_of_the_walks_that_come_to_mind_the_first_that_two_cameras_see_is_taken() -> None:
    town, seen = draw_town(4, np.random.default_rng(0)), [0, 1, 2, 0]
    walks = draw_walks(town, [], persons=1, seconds=300, seen=lambda _, legs: seen.pop(0), rng=np.random.default_rng(1))
    assert len(walks) == 1
    assert seen == [0]


def test_most_persons_pass_two_cameras_on_the_pavements() -> None:
    made = scenario()
    assert len(made.numbers) >= 6
    for watch, own in zip(made.watches, made.passes, strict=True):
        layout = STREETS[watch.station.street]
        for sighting in own:
            assert sighting.kind == "person"
            assert abs(sighting.lane) > (layout.road if watch.station.street != "car_park" else 7)
            tall = sighting.boxes[:, 3] - sighting.boxes[:, 1]
            assert (tall > 1.2 * (sighting.boxes[:, 2] - sighting.boxes[:, 0])).all()


def test_twins_among_persons_set_out_within_the_same_minute() -> None:
    town = draw_town(4, np.random.default_rng(0))
    pairs = [(2 * k, 2 * k + 1) for k in range(10)]
    walks = draw_walks(town, pairs, persons=20, seconds=600, seen=lambda *_: 2, rng=np.random.default_rng(1))
    starts = [legs[0].start + legs[0].enters / legs[0].speed for legs in walks]
    assert all(2 <= starts[second] - starts[first] <= 25 for first, second in pairs)
    alike = sum([leg.street for leg in walks[a]] == [leg.street for leg in walks[b]] for a, b in pairs)
    assert 2 <= alike <= 8
    assert [walker.person.differs != frozenset() for walker in scenario(twins=0.5).individuals] == [True] * 4 + [
        False
    ] * 4


def test_persons_alone_make_a_town_by_the_command(reseen: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    options = ("--cameras", 4, "--minutes", 5, "--rate", 1, "--image-size", 32, "--seed", 2, "--workers", 1, "-q")
    code, shown, _ = reseen("synth", "crossing", tmp_path / "town", "--vehicles", 0, "--persons", 3, *options)
    assert code == 0
    assert "persons that at least two of them saw" in shown
    assert "vehicles" not in shown
    assert set(read_tracks(tmp_path / "town").boxes["kind"]) == {"person"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vehicles": 0}, "vehicles and persons: expected at least 2 of either, got 0 of both"),
        ({"vehicles": 0, "persons": 1}, "persons: at least 2, got 1"),
        ({"persons": -3}, "persons: at least 2, got -3"),
    ],
)
def test_a_town_of_nobody_is_one_line(settings: dict[str, int], message: str, tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=message):
        synthesise_crossing(tmp_path / "town", **settings)
