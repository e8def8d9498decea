"""A town of cameras is drawn by its seed; its tracks without noise are the truth; its travel times are possible."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars
import pytest
from PIL import Image

from reseen.data.tracks import read_tracks, read_truth
from reseen.errors import ReseenError
from reseen.synth.crossing import TrackerNoise, synthesise_crossing
from shared import made_once

NONE = TrackerNoise(fragments=0, switches=0, false_tracks=0, jitter=0, missed=0)
BOX = ("camera", "frame", "left", "top", "width", "height")


def town(out: Path, *, seed: int = 5, noise: TrackerNoise | None = NONE) -> None:
    synthesise_crossing(out, vehicles=8, cameras=3, minutes=2.0, seed=seed, image_size=32, noise=noise, workers=0)


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without noise."""
    return made_once(tmp_path_factory, "crossing", lambda folder: town(folder / "town")) / "town"


def test_tracks_without_noise_are_the_truth_of_what_two_cameras_saw(exact: Path) -> None:
    boxes, truth = read_tracks(exact).boxes, read_truth(exact)
    assert truth.group_by("identity").agg(polars.col("camera").n_unique())["camera"].min() >= 2
    both = truth.join(boxes, on=list(BOX), how="inner")
    assert len(both) == len(truth) > 0
    of_track = both.group_by("camera", "track").agg(polars.col("identity").n_unique())["identity"]
    assert of_track.max() == 1


def test_every_box_has_its_crop(exact: Path) -> None:
    tracks = read_tracks(exact)
    assert tracks.crops
    with Image.open(tracks.root / tracks.boxes["image"][0]) as crop:
        assert 0 < max(crop.size) <= 32
    assert all((tracks.root / image).is_file() for image in tracks.boxes["image"])


def test_a_vehicle_is_never_before_two_cameras_at_once(exact: Path) -> None:
    tracks = read_tracks(exact).boxes.join(read_truth(exact), on=list(BOX), how="inner")
    passes = tracks.group_by("identity", "camera", "track").agg(
        polars.col("time").min().alias("begin"), polars.col("time").max().alias("end")
    )
    for _, own in passes.sort("begin").group_by("identity", maintain_order=True):
        gaps = own["begin"].to_numpy()[1:] - own["end"].to_numpy()[:-1]
        assert (gaps > 0).all()


def test_the_same_seed_gives_the_same_town_and_another_seed_another(exact: Path, tmp_path: Path) -> None:
    town(tmp_path / "again")
    town(tmp_path / "other", seed=6)
    files, again, other = (
        {
            path.relative_to(root): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.suffix in {".txt", ".jpg"}
        }
        for root in (exact, tmp_path / "again", tmp_path / "other")
    )
    assert files == again
    assert files != other


def test_a_town_without_persons_is_the_one_that_it_was_before_there_were_some(exact: Path) -> None:
    files = sorted(path for path in exact.rglob("*") if path.suffix in {".txt", ".json"})
    text = b"".join(str(path.relative_to(exact)).encode() + path.read_bytes() for path in files)
    assert hashlib.sha256(text).hexdigest() == "e718de128fd44d81a8e92eb74586cdf73be06ff7b4c79210ccaea89c731c2883"


def test_the_tracker_errs_as_its_shares_say(tmp_path: Path, exact: Path) -> None:
    town(tmp_path / "noisy", noise=TrackerNoise(fragments=1.0, switches=0, false_tracks=0.5, jitter=0.1, missed=0.2))
    noisy, plain = (read_tracks(root).boxes for root in (tmp_path / "noisy", exact))
    counts = [frame.select("camera", "track").unique().height for frame in (noisy, plain)]
    assert counts[0] > 1.5 * counts[1]
    assert len(noisy.join(plain, on=list(BOX), how="inner")) < len(plain)
    assert np.isfinite(noisy["time"].to_numpy()).all()


def test_the_command_makes_a_town(reseen: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    code, shown, _ = reseen(
        *("synth", "crossing", tmp_path / "town", "--vehicles", 8, "--cameras", 3, "--minutes", 2, "--seed", 1),
        *("--rate", 1, "--image-size", 32, "-q"),
    )
    assert code == 0
    assert "3 cameras" in shown
    assert len(read_tracks(tmp_path / "town").boxes)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vehicles": 1}, "vehicles: at least 2, got 1"),
        ({"cameras": 1}, "cameras: at least 2, got 1"),
        ({"twins": 2.0}, "twins: a share from 0 to 1, got 2"),
    ],
)
def test_a_town_that_cannot_be_is_one_line(settings: dict[str, float], message: str, tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=message):
        synthesise_crossing(tmp_path / "town", **settings)
    assert not (tmp_path / "town").exists()


def test_noise_beyond_its_bounds_is_one_line() -> None:
    with pytest.raises(ReseenError, match="jitter: a share from 0 to 1, got 2"):
        TrackerNoise(jitter=2)
