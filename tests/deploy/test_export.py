"""An export gives PyTorch's vectors for images of any size, in any batch, or is not kept."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reseen.backbones import build_backbone
from reseen.deploy import export
from reseen.deploy.export import WRITERS, Exported, export_network
from reseen.deploy.facts import Facts
from reseen.deploy.loading import FILES, load_network, run_by_export
from reseen.deploy.network import EmbeddingNetwork, OnTorch
from reseen.deploy.runtime import STREAMS
from reseen.deploy.search_threshold import SearchThreshold
from reseen.errors import ReseenError
from reseen.match_odds import MatchOdds
from reseen.models.assemble import BranchConfig, MetadataConfig, multi_branch
from reseen.normalisation import Normalisation
from reseen.retrieval.embedder import Embedder
from shared import made_once


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Noise of five sizes, larger and smaller than the network's 32 x 32, and of its own."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for number, (height, width) in enumerate([(20, 300), (32, 32), (57, 31), (200, 180), (1, 1)]):
        noise = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def calibrated(weights_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    (folder / "best.safetensors").write_bytes(weights_file.read_bytes())
    search = {"threshold": 0.625, "records": 800, "doubling": 0.02}
    (folder / "calibration.json").write_text(json.dumps({"threshold": 0.5, "identification": search}))
    return folder


@pytest.fixture(scope="module")
def exported(calibrated: Path, images: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exported]:
    def export(folder: Path) -> None:
        outs = [folder / f"net{suffix}" for suffix in WRITERS]
        made = [
            (entry.path.name, entry.difference, entry.images)
            for entry in export_network(calibrated, outs, images=images)
        ]
        (folder / "exported.json").write_text(json.dumps(made))

    folder = made_once(tmp_path_factory, "exports", export)
    made = json.loads((folder / "exported.json").read_text())
    return {Path(name).suffix: Exported(folder / name, *rest) for name, *rest in made}


@pytest.mark.parametrize("suffix", WRITERS)
def test_an_export_embeds_as_the_run_does_whatever_the_size_and_the_batch(
    suffix: str, exported: dict[str, Exported], calibrated: Path, images: list[Path]
) -> None:
    from_run, from_export = (Embedder.from_pretrained(source) for source in (calibrated, exported[suffix].path))
    assert from_export.facts == from_run.facts
    assert (from_export.threshold, from_export.search_threshold) == (0.5, 0.625)
    np.testing.assert_allclose(from_export(images), from_run(images), atol=1e-5)
    graph = from_export.network
    for shape in (1, 1, 1, 3), (1, 40, 31, 3), (3, 32, 32, 3), (5, 211, 77, 3):
        batch = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
        np.testing.assert_allclose(graph(batch), from_run(batch), atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(graph(batch), axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("suffix", WRITERS)
def test_an_export_reports_a_small_difference_from_pytorch(
    suffix: str, exported: dict[str, Exported], images: list[Path]
) -> None:
    assert exported[suffix].images == len(images)
    assert 0 <= exported[suffix].difference < 1e-5
    assert not [path for path in exported[suffix].path.parent.iterdir() if path.name.startswith(".")]


def test_an_export_that_differs_from_pytorch_is_not_written(
    calibrated: Path, images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = export.AnySize.forward
    monkeypatch.setattr(export.AnySize, "forward", lambda self, images: right(self, images // 2 * 2))
    with pytest.raises(ReseenError, match=r"net.pt2: not written: it differs from PyTorch by \d"):
        export_network(calibrated, [tmp_path / "net.pt2"], images=images)
    assert not list(tmp_path.iterdir())


def test_an_export_of_branches_with_metadata_takes_any_batch() -> None:
    backbone = build_backbone("narrow_resnet26", image_size=(64, 32))
    lines = [BranchConfig("bot", "both")]
    metadata = MetadataConfig(("c1", "c2"), ("front", "back"))
    model = multi_branch(backbone, lines, num_identities=None, metadata=metadata)
    torch.nn.init.normal_(model.metadata.table)
    network = EmbeddingNetwork(model.eval(), Normalisation((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)))
    images = torch.randint(0, 256, (3, 64, 32, 3), dtype=torch.uint8)
    program = torch.export.export(network, (images[:2],), dynamic_shapes=({0: torch.export.Dim("batch")},))
    with torch.no_grad():
        torch.testing.assert_close(program.module()(images), network(images))


def test_a_source_that_cannot_be_exported_is_an_error_of_one_line(
    exported: dict[str, Exported], images: list[Path], tmp_path: Path
) -> None:
    source = exported[".onnx"].path
    for outs, given, reason in (
        ([tmp_path / "a.txt"], images, "expected a file name that ends in one of .onnx, .pt2, .xml"),
        ([tmp_path / "gone" / "a.onnx"], images, "there is no folder"),
        ([tmp_path / "a.onnx"], [], "expected images to compare on, got none"),
        ([tmp_path / "a.onnx"], images, "is an export already"),
    ):
        with pytest.raises(ReseenError, match=reason):
            export_network(source, outs, images=given)


@pytest.mark.parametrize("suffix", FILES)
def test_a_damaged_export_is_an_error_of_one_line(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ReseenError, match=re.escape(str(path))) as raised:
        load_network(path)
    assert "\n" not in str(raised.value)


def test_an_onnx_file_of_another_program_is_refused(exported: dict[str, Exported], tmp_path: Path) -> None:
    import onnx

    model = onnx.load(exported[".onnx"].path)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(ReseenError, match=r"other.onnx: was not written by `reseen export`"):
        load_network(tmp_path / "other.onnx")


def test_exports_run_on_the_cpu(exported: dict[str, Exported]) -> None:
    with pytest.raises(ReseenError, match="exports run on the cpu, got the device 'cuda'"):
        load_network(exported[".onnx"].path, device="cuda")


@pytest.mark.parametrize(
    "change",
    [
        {"width": "8"},
        {"fingerprint": 4},
        {"image_size": ["a", "b"]},
        {"image_size": [4, 10**9]},
        {"threshold": "high"},
        {"threshold": float("nan")},
        {"flip": "no"},
        {"note": 5},
        {"search": {"value": "high"}},
        {"search": {"value": 0.5, "records": "many"}},
        {"search": {"value": 0.5, "records": 3, "doubling": float("inf")}},
    ],
)
def test_facts_of_another_type_or_size_are_refused(change: dict[str, object]) -> None:
    text = json.dumps({"fingerprint": "0123456789abcdef", "width": 8, "image_size": [4, 6], **change})
    with pytest.raises(ReseenError, match="expected the facts that reseen writes about a network"):
        Facts.from_json(text)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "[" * 10**5, '{"image_size": 3}', '{"image_size": [1, 2], "colour": "red"}']
)
def test_facts_are_read_as_written_or_refused(text: str) -> None:
    facts = Facts("0123456789abcdef", width=8, image_size=(4, 6), threshold=0.25, note="so")
    searching = replace(facts, search=SearchThreshold(0.5, records=800, doubling=0.02), flip=True)
    odds = replace(searching, search=replace(searching.search, odds=MatchOdds(0.5, slope=9.0, most=0.9, records=800)))
    assert "odds" not in searching.as_json(), "a reseen of before reads what says nothing new"
    for each in (facts, searching, odds):
        assert Facts.from_json(each.as_json()) == each
    before = '{"fingerprint": "0123456789abcdef", "width": 8, "image_size": [4, 6], "threshold": 0.25, "note": "so"}'
    assert Facts.from_json(before) == facts, "exports of before there was a search threshold have none"
    with pytest.raises(ReseenError, match="expected the facts that reseen writes about a network"):
        Facts.from_json(text)


def test_threads_of_onnx_runtime_do_not_spin_between_passes(exported: dict[str, Exported]) -> None:
    network = load_network(exported[".onnx"].path).network
    options = network._session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_openvino_computes_parts_of_a_batch_side_by_side_and_gives_each_image_its_own_vector(
    exported: dict[str, Exported], images: list[Path], count: int
) -> None:
    embedder = Embedder.from_pretrained(exported[".xml"].path)
    streams = min(count, STREAMS)  # one image alone takes all cores
    assert embedder.network._compile_for(streams).get_property("NUM_STREAMS") == streams
    batch = [embedder.prepare(images[place % len(images)]) for place in range(count)]
    alone = np.concatenate([embedder.embed_prepared([image]) for image in batch])
    np.testing.assert_allclose(embedder.embed_prepared(batch), alone, rtol=0, atol=1e-6)


def test_a_run_is_run_by_its_export_with_the_facts_of_its_own(
    exported: dict[str, Exported], weights_file: Path, images: list[Path]
) -> None:
    loaded = load_network(weights_file)
    for suffix in (".onnx", ".xml"):
        running = run_by_export(loaded, exported[suffix].path)
        assert running.facts == loaded.facts
        assert not isinstance(running.network, OnTorch)
        np.testing.assert_allclose(Embedder(running)(images), Embedder(loaded)(images), atol=1e-5)


def test_an_export_of_another_network_is_not_run_in_its_place(exported: dict[str, Exported], tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=r"an export of network [0-9a-f]{16}, not of efficientnet_lite0"):
        run_by_export(load_network("efficientnet_lite0"), exported[".onnx"].path)
    with pytest.raises(ReseenError, match=r"expected an export, one of \.onnx, \.xml, \.pt2"):
        run_by_export(load_network("efficientnet_lite0"), tmp_path / "best.safetensors")
