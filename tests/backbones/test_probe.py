"""What a network uses, read from the graph of its output, is what has a gradient."""

import pytest
import timm
import torch
from torch import nn

from reseen.backbones import Backbone
from reseen.backbones.probe import leaves
from reseen.errors import ReseenError


@pytest.mark.parametrize("name", ["test_resnet", "test_vit2", "test_convnext", "efficientvit_b0"])
def test_the_leaves_of_an_output_are_the_parameters_that_have_a_gradient(name):
    body = timm.create_model(name, num_classes=0).eval()
    features = body.forward_features(torch.zeros(1, 3, *body.default_cfg["input_size"][1:]))
    used = {id(leaf) for leaf in leaves(features)}
    gradients = torch.autograd.grad(features.sum(), list(body.parameters()), allow_unused=True)
    expected = [gradient is not None for gradient in gradients]
    assert [id(parameter) in used for parameter in body.parameters()] == expected


def test_what_stands_behind_a_detached_map_is_no_leaf():
    first, second, scale = nn.Linear(2, 2), nn.Linear(2, 2), nn.Parameter(torch.ones(2))
    output = (second(first(torch.ones(1, 2)).detach()) * scale).sum()
    assert {id(leaf) for leaf in leaves(output)} == {id(second.weight), id(second.bias), id(scale)}
    assert leaves(torch.ones(1)) == []


class WithAHead(nn.Module):
    """A convolution, a head that nothing uses, and a loose parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 9)
        self.loose = nn.Parameter(torch.ones(1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.conv(images)


def test_a_head_that_the_map_does_not_use_is_taken_out_and_a_loose_parameter_frozen():
    body = Backbone(WithAHead(), image_size=(8, 8)).body
    assert isinstance(body.head, nn.Identity)
    assert {name for name, parameter in body.named_parameters() if parameter.requires_grad} == {
        "conv.weight",
        "conv.bias",
    }
    assert not body.loose.requires_grad


def test_a_network_without_gradients_is_refused_and_not_emptied():
    with torch.inference_mode(), pytest.raises(ReseenError, match="WithAHead: its map has no gradient"):
        Backbone(WithAHead(), image_size=(8, 8))
