"""The three-line call: the same vectors as evaluation, whatever the images come as."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import reseen
from reseen.data.opening import ImageLimits, open_image
from reseen.data.transforms import plain_transform
from reseen.deploy.search_threshold import SearchThreshold
from reseen.engine.checkpoint import load_card, save_weights
from reseen.errors import ReseenError
from reseen.match_odds import MatchOdds
from reseen.models import read_weights
from reseen.retrieval.embedder import Embedder
from reseen.tasks.reid.build import load_model

ODDS = MatchOdds(middle=0.5, slope=20.0, most=0.9, records=800)


@pytest.fixture
def embedder(weights_file: Path) -> Embedder:
    return Embedder.from_pretrained(weights_file)


@pytest.fixture
def files(tmp_path: Path, image: Callable[..., Image.Image]) -> list[Path]:
    """Seven images of seven sizes."""
    paths = [tmp_path / f"{number}.png" for number in range(7)]
    for number, path in enumerate(paths):
        image(number, 0, size=24 + 5 * number).save(path)
    return paths


def by_evaluation(weights: Path, paths: list[Path]) -> np.ndarray:
    """The long way: evaluation's transform and network, one image at a time, divided by the length."""
    data = load_card(weights).recipe["data"]
    transform = plain_transform(tuple(data["image_size"]), mean=tuple(data["mean"]), std=tuple(data["std"]))
    model = load_model(weights)
    with torch.no_grad():
        vectors = [model(transform(open_image(path))[None]).embedding[0].double().numpy() for path in paths]
    return np.stack([vector / np.sqrt((vector**2).sum()) for vector in vectors])


@pytest.mark.parametrize("batch", [1, 3, 32])
def test_the_embedder_gives_the_vectors_of_the_evaluation_in_order_and_of_length_1(
    embedder: Embedder, weights_file: Path, files: list[Path], batch: int
) -> None:
    vectors = embedder(files, batch=batch)
    assert vectors.dtype == np.float32
    assert vectors.shape == (7, embedder.width)
    np.testing.assert_allclose(vectors, by_evaluation(weights_file, files), atol=1e-6)
    assert np.abs(vectors @ vectors.T - np.eye(7)).max() > 1e-3, "different images, different vectors"


def test_the_embedder_takes_one_image_or_many_of_any_kind(embedder: Embedder, files: list[Path]) -> None:
    expected = embedder(files)
    arrays = [np.asarray(Image.open(path).convert("RGB")) for path in files]
    for kind, many in {
        "text": [str(path) for path in files],
        "bytes": [path.read_bytes() for path in files],
        "PIL": [Image.open(path) for path in files],
        "arrays": arrays,
        "an iterator": iter(files),
        "mixed": [files[0], *arrays[1:]],
    }.items():
        np.testing.assert_allclose(embedder(many), expected, atol=1e-6, err_msg=kind)
    for one in (files[2], str(files[2]), files[2].read_bytes(), Image.open(files[2]), arrays[2]):
        np.testing.assert_allclose(embedder(one), expected[2:3], atol=1e-6)
    np.testing.assert_allclose(embedder([array[..., ::-1] for array in arrays], bgr=True), expected, atol=1e-6)
    np.testing.assert_allclose(embedder(np.stack([arrays[0]] * 2)), expected[[0, 0]], atol=1e-6)
    assert embedder([]).shape == (0, embedder.width)


def test_a_bad_image_among_many_is_named(embedder: Embedder, files: list[Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    with pytest.raises(ReseenError, match=r"bad.jpg: cannot read the image"):
        embedder([*files, bad])
    with pytest.raises(ReseenError, match=r"^image 2 of 3: cannot read the image"):
        embedder([files[0].read_bytes(), b"no image", files[1]])
    with pytest.raises(ReseenError, match="expected a path, bytes, a PIL image"):
        embedder(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 1 image, got 0"):
        embedder(files, batch=0)


def test_files_are_streamed_and_bad_ones_skipped_with_their_reason(
    embedder: Embedder, files: list[Path], tmp_path: Path
) -> None:
    bad, gone = tmp_path / "bad.jpg", tmp_path / "gone.jpg"
    bad.write_bytes(b"no image")
    given = [*files[:2], bad, *files[2:], gone]
    found = list(embedder.embed_files(given, batch=3, workers=2, on_error="skip"))
    assert [entry.path for entry in found] == given
    assert [entry.path for entry in found if entry.vector is None] == [bad, gone]
    assert "not an image" in found[2].error
    assert found[-1].error == f"{gone}: cannot read the image: no such file"
    kept = np.stack([entry.vector for entry in found if entry.vector is not None])
    np.testing.assert_allclose(kept, embedder(files), atol=1e-6)
    with pytest.raises(ReseenError, match=r"bad.jpg"):
        list(embedder.embed_files(given))


def test_an_image_as_large_as_training_takes_is_embedded(embedder: Embedder, tmp_path: Path) -> None:
    large = tmp_path / "50-megapixels.png"
    Image.new("1", (10_000, 5_000)).save(large)
    assert embedder(large).shape == (1, embedder.width)
    assert next(embedder.embed_files([large])).error == ""


def test_images_beyond_the_embedders_limits_are_refused(weights_file: Path, files: list[Path]) -> None:
    embedder = Embedder.from_pretrained(weights_file, limits=ImageLimits(pixels=100))
    with pytest.raises(ReseenError, match="at most 100 pixels"):
        embedder(files)


def test_the_fingerprint_depends_on_weights_and_preprocessing_alone(
    embedder: Embedder, weights_file: Path, tmp_path: Path
) -> None:
    tensors, card = read_weights(weights_file).tensors, load_card(weights_file)

    def of(name: str, **changes: object) -> str:
        path = tmp_path / f"{name}.safetensors"
        changed = {"tensors": tensors, "recipe": card.recipe, "score": None, **changes}
        save_weights(path, changed["tensors"], card._replace(recipe=changed["recipe"], score=changed["score"]))
        return Embedder.from_pretrained(path).fingerprint

    assert len(embedder.fingerprint) == 16
    assert of("same", score=0.5) == embedder.fingerprint
    other_start = {**card.recipe, "model": {**card.recipe["model"], "weights": "elsewhere.pt"}}
    assert of("start", recipe=other_start) == embedder.fingerprint
    name = next(name for name in tensors if name.endswith("weight"))
    assert of("weights", tensors={**tensors, name: tensors[name] + 1e-3}) != embedder.fingerprint
    classifier = {**tensors, "classifier.weight": tensors["classifier.weight"] + 1}
    assert of("classifier", tensors=classifier) == embedder.fingerprint
    other_size = {**card.recipe, "data": {**card.recipe["data"], "image_size": [32, 64]}}
    other_mean = {**card.recipe, "data": {**card.recipe["data"], "mean": [0.1, 0.1, 0.1]}}
    other_pooling = {**card.recipe, "model": {**card.recipe["model"], "last_stride": 1}}
    different = [of("size", recipe=other_size), of("mean", recipe=other_mean), of("stride", recipe=other_pooling)]
    assert len({embedder.fingerprint, *different}) == 4


def test_a_run_brings_its_calibrated_thresholds(weights_file: Path, tmp_path: Path) -> None:
    shutil.copy(weights_file, tmp_path)
    bare = Embedder.from_pretrained(tmp_path)
    assert (bare.threshold, bare.search_threshold) == (None, None)
    for search, expected in (
        ({"threshold": 0.75, "records": 800, "doubling": 0.02}, SearchThreshold(0.75, records=800, doubling=0.02)),
        ({"threshold": 0.75, "searches": 40}, SearchThreshold(0.75)),  # of before there was a size
        ({"threshold": 0.75, "odds": asdict(ODDS)}, SearchThreshold(0.75, odds=ODDS)),
    ):
        found = {"threshold": 0.625, "identification": search, "more": 1}
        (tmp_path / "calibration.json").write_text(json.dumps(found))
        embedder = Embedder.from_pretrained(tmp_path)
        assert (embedder.threshold, embedder.search_threshold, embedder.facts.search) == (0.625, 0.75, expected)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"threshold": "high"}, "expected a threshold from -1 to 1, got 'high'"),
        ({"threshold": 0.5, "identification": 3}, "expected an identification with its threshold, got 3"),
        ({"threshold": 0.5, "identification": {}}, "expected a threshold from -1 to 1, got None"),
        ({"threshold": 0.5, "identification": {"threshold": 0.5, "records": -1}}, "a number of records, got -1"),
        ({"threshold": 0.5, "identification": {"threshold": 0.5, "doubling": "much"}}, "from 0 on, got 'much'"),
        ({"threshold": 0.5, "identification": {"threshold": 0.5, "odds": 3}}, "the odds of a best match, got 3"),
        (
            {"threshold": 0.5, "identification": {"threshold": 0.5, "odds": {**asdict(ODDS), "slope": 0}}},
            "the odds of a best match, got",
        ),
    ],
)
def test_a_damaged_calibration_is_one_line(weights_file: Path, tmp_path: Path, found: object, reason: str) -> None:
    shutil.copy(weights_file, tmp_path)
    (tmp_path / "calibration.json").write_text(json.dumps(found))
    with pytest.raises(ReseenError, match=f"calibration.json: .*{reason}"):
        Embedder.from_pretrained(tmp_path)


def test_without_a_source_the_embedder_is_the_plain_baseline_and_says_so(files: list[Path]) -> None:
    baseline = reseen.Embedder.from_pretrained()
    assert "ImageNet: a plain baseline" in baseline.note
    assert baseline(files[0]).shape == (1, baseline.width) == (1, 1280)
    assert baseline.fingerprint == reseen.Embedder.from_pretrained("efficientnet_lite0").fingerprint


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gone", "no such file or folder; expected a run's folder"),
        ("text.txt", "expected a run's folder"),
        ("", "the folder holds no run"),
    ],
)
def test_a_source_that_is_no_network_is_an_error_that_names_the_possible_ones(
    tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "text.txt").write_text("hello")
    with pytest.raises(ReseenError, match=reason):
        Embedder.from_pretrained(tmp_path / name)


def test_a_device_that_is_not_there_is_one_line(weights_file: Path) -> None:
    with pytest.raises(ReseenError, match="device 'nonsense': expected one that PyTorch has here"):
        Embedder.from_pretrained(weights_file, device="nonsense")


def test_the_former_name_of_the_visible_metadata_still_works(embedder: Embedder) -> None:
    with pytest.warns(DeprecationWarning, match=r"Embedder.told is now visible_metadata"):
        assert embedder.told == embedder.visible_metadata
