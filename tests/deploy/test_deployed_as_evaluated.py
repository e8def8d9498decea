"""What is deployed gives the vectors that evaluation compared and calibration measured, or says that it does not."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars
import pytest

from reseen.deploy.calibrated import calibrated_for
from reseen.deploy.export import WRITERS, export_network
from reseen.deploy.pushing import stage
from reseen.engine.checkpoint import load_card, save_weights
from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.metrics import Calibration, Embedded
from reseen.models import read_weights
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.job import PARTS, embed_images
from reseen.retrieval.record import Record
from reseen.retrieval.sources import read_source
from reseen.serve.explanation import MatchExplainer
from reseen.tasks.reid.calibrate import calibrate_run
from reseen.tasks.reid.recipe import Evaluation

BRANCHES = 'backbone = "narrow_resnet14t"\nbranches = [{ name = "bottleneck", role = "both" }]\nmetadata = {}'
RATES = {"false_accept_rate": 0.1, "false_alarm_rate": 0.1}


@pytest.fixture(scope="module")
def flipped(evaluated_run: Callable[..., Run]) -> Run:
    """A run with the flip test, calibrated."""
    run = evaluated_run("training.epochs=1", "evaluation.flip=true")
    calibrate_run(run, **RATES)
    return run


@pytest.fixture(scope="module")
def knowing(evaluated_run: Callable[..., Run]) -> Run:
    """A run that learned cameras."""
    return evaluated_run("optimizer.learning_rate=0.02", model=BRANCHES)


def kept(run: Run) -> tuple[list[Path], Embedded, np.ndarray]:
    """The gallery's images, what the run kept of them, and its vectors at length 1."""
    found = Embedded.load(run.embeddings / "gallery.parquet")
    paths = [Path(str(run.data()["path"])) / "bounding_box_test" / str(name) for name in found.names]
    return paths, found, found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)


def without_flip(run: Run, folder: Path) -> Path:
    """The same weights with a card whose evaluation has no flip test."""
    card = load_card(run.best_weights)
    evaluation = {**card.recipe["evaluation"], "flip": False}
    tensors = read_weights(run.best_weights).tensors
    save_weights(folder / "plain.safetensors", tensors, card._replace(recipe={**card.recipe, "evaluation": evaluation}))
    return folder / "plain.safetensors"


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one.astype(np.float64) * other).sum(axis=1)


def test_a_run_with_the_flip_test_embeds_as_it_was_evaluated_from_wherever_it_is_loaded(
    flipped: Run, tmp_path: Path
) -> None:
    paths, _, vectors = kept(flipped)
    stage(flipped, tmp_path, repository="owner/name")
    exported = export_network(flipped.path, [tmp_path / f"net{suffix}" for suffix in WRITERS], images=paths)
    facts = Embedder.from_pretrained(flipped.path).facts
    for source in (flipped.path, flipped.best_weights, tmp_path, *(entry.path for entry in exported)):
        embedder = Embedder.from_pretrained(source)
        assert embedder.facts == facts, source
        assert cosines(embedder(paths), vectors).min() > 1 - 1e-5, source
        assert (embedder.note, embedder.facts.flip) == ("", True)
    assert "mean of an image and its mirror image" in (tmp_path / "README.md").read_text()


def test_the_flip_test_is_part_of_the_fingerprint_and_of_the_calibration(flipped: Run, tmp_path: Path) -> None:
    paths, _, vectors = kept(flipped)
    plain = without_flip(flipped, tmp_path)
    with_flip, without = Embedder.from_pretrained(flipped.path), Embedder.from_pretrained(plain)
    assert without.fingerprint != with_flip.fingerprint
    assert cosines(without(paths), vectors).min() < 1 - 1e-5, "the flip test does change this network's vectors"
    found = json.loads(flipped.calibration_file.read_text())
    assert (found["flip"], found["metadata"]) == (True, None)
    assert (with_flip.threshold, with_flip.search_threshold) == (
        found["threshold"],
        found["identification"]["threshold"],
    )
    (tmp_path / "calibration.json").write_bytes(flipped.calibration_file.read_bytes())
    other = Embedder.from_pretrained(plain)
    assert (other.threshold, other.search_threshold) == (None, None)
    assert other.note == "its thresholds were found with the flip test and are not used: calibrate again"


def test_a_calibrated_run_judges_searches_by_its_search_threshold(flipped: Run, tmp_path: Path) -> None:
    paths, found, _ = kept(flipped)
    embedder = Embedder.from_pretrained(flipped.path)
    gallery = Gallery(tmp_path / "gallery", embedder=embedder, create=True)
    gallery.add(Record(picture=path, identity=name) for path, name in zip(paths, found.identities, strict=True))
    assert embedder.threshold != embedder.search_threshold
    assert gallery.search(paths[0])[0].threshold == embedder.search_threshold
    assert embedder.facts.search.records == len(paths)


def test_an_explanation_is_of_the_images_as_shown_without_the_flip_test(
    flipped: Run, image: Callable[..., object], tmp_path: Path
) -> None:
    plain = Embedder.from_pretrained(without_flip(flipped, tmp_path))
    pair = image(1, 0), image(1, 1)
    embedder = Embedder.from_pretrained(flipped.path)
    explained = MatchExplainer(embedder, embedder.network)(*pair)
    query, match = plain(pair)
    assert explained.similarity == pytest.approx(float(query @ match), abs=1e-5)


def test_with_cameras_the_embedder_gives_the_vectors_of_the_evaluation(knowing: Run) -> None:
    paths, found, vectors = kept(knowing)
    embedder = Embedder.from_pretrained(knowing.path)
    assert cosines(embedder(paths), vectors).min() < 1 - 1e-5, "this network's vectors depend on the camera"
    assert cosines(embedder(paths, cameras=found.cameras, batch=3), vectors).min() > 1 - 1e-5
    unknown = embedder(paths[:3], cameras=[None, "elsewhere", str(found.cameras[2])])
    np.testing.assert_allclose(unknown[:2], embedder(paths[:2]), atol=1e-6)
    assert cosines(unknown[2:], vectors[2:3]).min() > 1 - 1e-5


def test_cameras_that_the_network_does_not_accept_are_refused(knowing: Run, flipped: Run, tmp_path: Path) -> None:
    paths, _, _ = kept(knowing)
    for source, told, reason in (
        (flipped.path, {"cameras": ["1", "2"]}, "cameras: .*run accepts none"),
        (knowing.path, {"views": ["front", "rear"]}, "views: .*run accepts none"),
        (knowing.path, {"cameras": ["1"]}, "cameras: expected a list with one for each of 2 images"),
        (knowing.path, {"cameras": "12"}, "cameras: expected a list with one for each of 2 images, got '12'"),
    ):
        with pytest.raises(ReseenError, match=reason):
            Embedder.from_pretrained(source)(paths[:2], **told)


def test_thresholds_found_with_cameras_are_not_used_without_them(
    knowing: Run, tmp_path: Path, reseen: Callable[..., tuple[int, str, str]]
) -> None:
    evaluated = (
        "this network was evaluated with the cameras and views of images; an image alone is embedded without them"
    )
    assert Embedder.from_pretrained(knowing.path).note == evaluated
    assert calibrate_run(knowing, **RATES).metadata == "given"
    stage(knowing, tmp_path, repository="owner/name")
    paths, _, _ = kept(knowing)
    (exported,) = export_network(knowing.path, [tmp_path / "net.pt2"], images=paths)
    for source in (knowing.path, tmp_path, exported.path):
        embedder = Embedder.from_pretrained(source)
        assert (embedder.threshold, embedder.search_threshold) == (None, None)
        assert embedder.note == (
            f"{evaluated}; its thresholds were found with cameras and views and are not used: "
            "`reseen calibrate RUN --metadata withheld` finds others"
        )
    words = [word for name, rate in RATES.items() for word in (f"--{name.replace('_', '-')}", rate)]
    code, out, _ = reseen("calibrate", knowing.path, "--metadata", "withheld", *words)
    assert (code, "metadata withheld" in out) == (0, True)
    withheld = Calibration.load(knowing.calibration_file)
    embedder = Embedder.from_pretrained(knowing.path)
    assert withheld.metadata == "withheld"
    assert (embedder.threshold, embedder.note) == (withheld.threshold, evaluated)
    assert embedder.search_threshold == withheld.identification.threshold
    knowing.calibration_file.unlink()


def test_a_calibration_of_an_older_version_has_the_settings_of_the_evaluation(tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text('{"threshold": 0.5}')
    for evaluation, metadata, pair in (
        (Evaluation(flip=True), False, 0.5),
        (Evaluation(metadata="withheld"), True, 0.5),
        (Evaluation(metadata="cameras"), True, None),
    ):
        found = calibrated_for(evaluation, metadata=metadata, path=tmp_path / "calibration.json")
        assert (found.pair, found.search) == (pair, None)
        assert bool(found.note) == (pair is None)


def test_a_job_uses_cameras_only_on_request_and_its_vectors_then_enter_no_gallery(
    knowing: Run, tmp_path: Path, reseen: Callable[..., tuple[int, str, str]]
) -> None:
    paths, found, vectors = kept(knowing)
    table = tmp_path / "table.csv"
    rows = {"path": [str(path) for path in paths], "camera": found.cameras.astype(str), "view": [""] * len(paths)}
    polars.DataFrame(rows).write_csv(table)
    embedder = Embedder.from_pretrained(knowing.path)
    with_cameras, alone = tmp_path / "with", tmp_path / "alone"
    assert reseen("embed", table, "--model", knowing.path, "--out", with_cameras, "--metadata", "--chunk", 3)[0] == 0
    embed_images(table, alone, embedder=embedder)
    of = {
        out: polars.concat([polars.read_parquet(part) for part in out.glob(PARTS)]).sort("path")["vector"].to_numpy()
        for out in (with_cameras, alone)
    }
    order = np.argsort([str(path) for path in paths])
    assert cosines(of[with_cameras], vectors[order]).min() > 1 - 1e-5
    np.testing.assert_allclose(of[alone], embedder([paths[row] for row in order]), atol=1e-6)
    with pytest.raises(ReseenError, match="its vectors were made with metadata camera, got none"):
        embed_images(table, with_cameras, embedder=embedder)
    with pytest.raises(ReseenError, match="made with the camera of each image, and queries of a gallery have none"):
        read_source(with_cameras)
    assert read_source(alone).total == len(paths)


def test_a_job_refuses_metadata_that_the_table_lacks_or_the_network_does_not_accept(
    knowing: Run, flipped: Run, tmp_path: Path
) -> None:
    folder = Path(str(knowing.data()["path"])) / "bounding_box_test"
    for run, reason in ((knowing, "a table with a column camera"), (flipped, "a run that was evaluated with metadata")):
        with pytest.raises(ReseenError, match=f"metadata: expected {reason}"):
            embed_images(folder, tmp_path / "out", embedder=Embedder.from_pretrained(run.path), metadata=True)
