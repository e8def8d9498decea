"""Folding changes the work and not the numbers."""

import copy

import pytest
import torch
from torch import nn

from reseen.backbones import build_backbone
from reseen.deploy.folding import folded
from reseen.models.embedder import single_branch
from reseen.tasks.reid.build_model import build_model
from reseen.types import Output


def shaken(model: nn.Module) -> nn.Module:
    """With norms as training leaves them, each its own."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight.data, module.running_var):
                tensor.uniform_(0.5, 1.5)
            for tensor in (module.bias.data, module.running_mean):
                tensor.normal_(0, 0.2)
    return model.eval()


def norms(model: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


@pytest.mark.parametrize("name", ["test_resnet.r160_in1k", "tf_efficientnet_lite0", "mobilenetv3_small_050"])
def test_a_backbone_with_folded_norms_gives_the_same_embeddings(name: str) -> None:
    model = shaken(single_branch(build_backbone(name, image_size=(64, 64)), num_identities=None))
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    lighter = folded(model, image_size=(64, 64))
    assert norms(lighter) < norms(model)
    images = torch.randn(3, 3, 64, 64)
    with torch.no_grad():
        expected, got = (nn.functional.normalize(each(images).embedding) for each in (model, lighter))
    torch.testing.assert_close(got, expected, atol=2e-6, rtol=0)
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())


class Misleading(nn.Module):
    """A norm registered behind a convolution that it does not follow."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 1)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, images: torch.Tensor) -> Output:
        vectors = self.convolution(self.norm(images).relu()).mean(dim=(2, 3))
        return Output(vectors, (), (), ())


def test_a_network_that_folding_would_change_is_left_alone() -> None:
    model = shaken(Misleading())
    assert folded(model, image_size=(8, 8)) is model


def test_folding_keeps_the_embeddings_of_attention_and_branches() -> None:
    model = shaken(build_model("efficientnet_lite0_hca", num_identities=None, image_size=(64, 64)))
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = nn.functional.normalize(copy.deepcopy(model)(images).embedding)
        got = nn.functional.normalize(folded(model, image_size=(64, 64))(images).embedding)
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)
