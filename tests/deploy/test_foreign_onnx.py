"""ONNX files of other projects, made here by torch, beside the network that they hold."""

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from reseen import Embedder
from reseen.deploy.foreign_onnx import import_onnx
from reseen.errors import ReseenError
from shared import made_once

FED = ("mean=[0.4, 0.5, 0.6]", "std=[0.2, 0.25, 0.5]")


class Network(nn.Module):
    """(B, 3, H, W) -> (B, 4, 1, 1), as many zoos' networks end."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.convolution = nn.Conv2d(3, 4, 3, stride=2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.convolution(images).relu().mean(dim=(2, 3), keepdim=True)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The network with a fixed batch of 1, and with any batch and size."""
    free = {0: torch.export.Dim("b"), 2: torch.export.Dim("h", min=8), 3: torch.export.Dim("w", min=8)}

    def export(folder):
        for name, shapes in (("fixed", None), ("free", ({**free},))):
            example = torch.zeros(1 if shapes is None else 2, 3, 16, 12)
            torch.onnx.export(
                Network().eval(), (example,), folder / f"{name}.onnx", dynamo=True, dynamic_shapes=shapes, verbose=False
            )

    return made_once(tmp_path_factory, "zoo", export)


@pytest.mark.parametrize("bgr", [False, True])
@pytest.mark.parametrize("name", ["fixed", "free"])
def test_the_copy_embeds_as_the_network_does_on_images_normalised_by_hand(files, tmp_path, name, bgr):
    facts = import_onnx(
        files / f"{name}.onnx", tmp_path / "ours.onnx", image_size=(16, 12), options=[*FED, f"bgr={str(bgr).lower()}"]
    )
    assert (facts.image_size, facts.width) == ((16, 12), 4)
    embedder = Embedder.from_pretrained(tmp_path / "ours.onnx")
    images = np.random.default_rng(0).integers(256, size=(3, 16, 12, 3), dtype=np.uint8)
    fed = (images / 255 - [0.4, 0.5, 0.6]) / [0.2, 0.25, 0.5]
    fed = fed[..., ::-1].copy() if bgr else fed
    with torch.no_grad():
        expected = Network()(torch.from_numpy(fed).float().permute(0, 3, 1, 2)).flatten(1)
    expected = (expected / expected.norm(dim=1, keepdim=True)).numpy()
    np.testing.assert_allclose(embedder(images), expected, rtol=1e-4, atol=1e-6)
    other = import_onnx(
        files / f"{name}.onnx", tmp_path / "other.onnx", image_size=(16, 12), options=["mean=[0.0,0.0,0.0]", FED[1]]
    )
    assert other.fingerprint != facts.fingerprint, "other preprocessing gives other vectors"


@pytest.mark.parametrize(
    ("name", "size", "options", "message"),
    [
        ("fixed", (32, 32), FED, r"takes images of 16 x 12 alone, got --image-size \(32, 32\)"),
        ("free", None, FED, "say the size of its training by --image-size H W"),
        ("fixed", None, FED[:1], "--set std: this setting is required"),
        ("fixed", None, (*FED, "rgb=true"), "no setting 'rgb'"),
    ],
)
def test_what_the_file_does_not_tell_is_asked_for_by_name(files, tmp_path, name, size, options, message):
    with pytest.raises(ReseenError, match=message):
        import_onnx(files / f"{name}.onnx", tmp_path / "ours.onnx", image_size=size, options=options)
    assert not (tmp_path / "ours.onnx").exists()


def test_a_file_that_is_no_network_is_refused_and_an_unread_one_names_the_command(files, tmp_path):
    (tmp_path / "cat.onnx").write_bytes(b"cat")
    with pytest.raises(ReseenError, match=r"cat\.onnx: damaged or no ONNX file"):
        import_onnx(tmp_path / "cat.onnx", tmp_path / "out.onnx", options=FED)
    with pytest.raises(ReseenError, match="`reseen import-weights onnx` makes a copy that has"):
        Embedder.from_pretrained(files / "fixed.onnx")
    import_onnx(files / "fixed.onnx", tmp_path / "ours.onnx", options=FED)
    model = onnx.load(tmp_path / "ours.onnx")
    next(entry for entry in model.metadata_props if entry.key == "reseen_feeding").value = "{}"
    onnx.save(model, tmp_path / "ours.onnx")
    with pytest.raises(ReseenError, match="its entry reseen_feeding is damaged"):
        Embedder.from_pretrained(tmp_path / "ours.onnx")
