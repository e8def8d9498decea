"""A quantised network is another network, smaller, and is kept only if it finds as well as the one in floats."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from reseen.deploy.export import export_network
from reseen.deploy.precision import has_bfloat16
from reseen.errors import ReseenError
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.quantised import quantise
from shared import made_once


@pytest.fixture
def data(market: Callable[..., Path]) -> Path:
    return market(train=8, test=4)


@pytest.fixture(scope="module")
def floats(weights_file: Path, image: Callable[..., object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    def export(folder: Path) -> None:
        image(1, 1).save(folder / "one.png")
        export_network(weights_file, [folder / "net.onnx"], images=[folder / "one.png"])

    return made_once(tmp_path_factory, "floats", export) / "net.onnx"


@pytest.mark.parametrize("suffix", [".onnx", ".xml"])
def test_a_quantised_copy_computes_in_integers_and_says_what_it_costs(
    suffix: str, data: Path, floats: Path, tmp_path: Path
) -> None:
    out = tmp_path / f"small{suffix}"
    done = quantise(floats, out, data=data, most_loss=1.0)
    before, after = (Embedder.from_pretrained(path) for path in (floats, out))
    files = sorted(data.rglob("*.jpg"))
    cosines = (before(files) * after(files)).sum(axis=1)
    assert 0.9 < cosines.min() < 0.999999  # another network, and nearly the same
    assert 0 < done.after <= 1
    assert done.images == 32
    assert after.fingerprint != before.fingerprint
    assert "int8" in after.note
    assert (after.threshold, after.width, after.image_size) == (None, before.width, before.image_size)
    if suffix == ".onnx":
        weights = {str(entry.data_type) for entry in onnx.load(out).graph.initializer}
        assert str(onnx.TensorProto.INT8) in weights


def test_the_image_is_resized_as_exactly_in_the_copy_as_before(data: Path, floats: Path, tmp_path: Path) -> None:
    quantise(floats, tmp_path / "small.onnx", data=data, most_loss=1.0)
    copy = Embedder.from_pretrained(tmp_path / "small.onnx")
    large = np.random.default_rng(0).integers(0, 256, (70, 50, 3), dtype=np.uint8)
    resized = copy.prepare(large)
    np.testing.assert_allclose(copy.network(large[None]), copy.network(resized[None]), atol=1e-5)


def test_a_copy_that_finds_less_well_is_not_written(data: Path, floats: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ReseenError, match=r"not written: in int8 the mAP falls from .* to .*, expected a loss below -20"
    ):
        quantise(floats, tmp_path / "small.onnx", data=data, most_loss=-0.2)
    assert list(tmp_path.glob("*small*")) == []


@pytest.mark.parametrize(
    ("out", "settings", "message"),
    [
        ("small.onnx", {"images": 5}, "expected at least 32 training images .*, got 5"),
        ("small.pt2", {}, r"expected a name that ends in .onnx or .xml"),
        ("small.onnx", {"precision": "bf16"}, "expected a name that ends in .xml for bf16"),
        ("nowhere/small.onnx", {}, "there is no folder"),
    ],
)
def test_what_cannot_be_quantised_is_one_line(
    out: str, settings: dict[str, object], message: str, data: Path, floats: Path, tmp_path: Path
) -> None:
    with pytest.raises(ReseenError, match=message):
        quantise(floats, tmp_path / out, data=data, **settings)
    assert list(tmp_path.glob("*small*")) == []


def test_a_network_without_data_names_the_option(floats: Path, tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="name a data set with --data"):
        quantise(floats, tmp_path / "small.onnx")


def test_bfloat16_is_near_or_refused_where_the_processor_has_none(data: Path, floats: Path, tmp_path: Path) -> None:
    out = tmp_path / "half.xml"
    if not has_bfloat16():
        with pytest.raises(ReseenError, match="does not compute in bfloat16"):
            quantise(floats, out, data=data, precision="bf16", most_loss=1.0)
        return
    done = quantise(floats, out, data=data, precision="bf16", most_loss=1.0)
    assert 0.99 < done.cosine < 1 - 1e-7


def test_the_command_shows_both_scores(
    reseen: Callable[..., tuple[int, str, str]], data: Path, floats: Path, tmp_path: Path
) -> None:
    code, shown, _ = reseen("quantise", floats, tmp_path / "small.onnx", "--data", data, "--most-loss", 100, "-q")
    assert code == 0
    assert "mAP before" in shown
    assert (tmp_path / "small.onnx").is_file()
