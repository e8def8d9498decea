"""RGA against its definition, its memory, its parameters and what it refuses."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from direct_rga import direct
from reseen.attention import ATTENTIONS
from reseen.attention.rga import _relations
from reseen.backbones import build_backbone
from reseen.errors import ReseenError
from reseen.types import FeatureMap

SEQUENTIAL = ["rga_s", "rga_c", "rga_sc", "rga_cs"]
MAP = FeatureMap(channels=128, height=16, width=8)


def made(name: str, dtype: torch.dtype = torch.float32, feature_map: FeatureMap = MAP) -> nn.Module:
    """With every norm's numbers drawn, so that none is 0 or 1."""
    module = ATTENTIONS[name](feature_map)
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.normal_(norm.bias)
            nn.init.normal_(norm.running_mean)
            nn.init.uniform_(norm.running_var, 0.5, 1.5)
    return module.to(dtype)


def away_from_kinks(module: nn.Module, maps: Tensor) -> nn.Module:
    """Every other channel far above the kink of its ReLU for these maps, the others far below.

    Where a value is as close to 0 as float32's rounding, two ways of computing it may fall on different sides, and
    their gradients then differ by more than rounding.
    """
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.uniform_(norm.weight, 0.5, 0.8)
            norm.bias.data.fill_(-4)[::2] = 4
            norm.momentum = 1.0
    module.train()(maps)  # the running moments are those of the maps
    return module


def with_gradients(module: nn.Module, maps: Tensor, *, by_definition: bool) -> list[Tensor]:
    """Output, gradient of the maps and of each parameter."""
    maps = maps.detach().clone().requires_grad_()
    output = direct(module, maps) if by_definition else module(maps)
    return [output, *torch.autograd.grad(output.square().sum(), [maps, *module.parameters()])]


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", SEQUENTIAL)
def test_it_equals_the_definition_in_values_and_gradients(
    name: str, training: bool, memory_format: torch.memory_format
) -> None:
    module = made(name, torch.float64).train(training)
    maps = torch.randn(4, *MAP, dtype=torch.float64).relu().to(memory_format=memory_format)
    ours = with_gradients(deepcopy(module), maps, by_definition=False)
    theirs = with_gradients(deepcopy(module), maps, by_definition=True)
    for one, other in zip(ours, theirs, strict=True):
        assert (one - other).abs().max() <= 1e-12 * largest(theirs[1:], other)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", SEQUENTIAL)
def test_in_float32_it_equals_the_definition_to_rounding(name: str, training: bool) -> None:
    maps = torch.randn(4, *MAP).relu()
    module = away_from_kinks(made(name), maps).train(training)
    ours = with_gradients(module, maps, by_definition=False)
    theirs = with_gradients(deepcopy(module).double(), maps.double(), by_definition=True)
    for one, other in zip(ours, theirs, strict=True):
        assert (one - other).abs().max() <= 1e-5 * largest(theirs[1:], other)


def largest(gradients: list[Tensor], tensor: Tensor) -> Tensor:
    """Of a tensor, or of all gradients if it is one: before a norm they cancel to far less than their terms."""
    group = gradients if any(tensor is gradient for gradient in gradients) else [tensor]
    return torch.stack([each.abs().max() for each in group]).max()


def test_the_parallel_form_multiplies_both_gates_of_the_same_map() -> None:
    module = made("rga_parallel", torch.float64).eval()
    maps = torch.rand(2, *MAP, dtype=torch.float64) + 0.1
    spatial, channel = (direct(part, maps) / maps for part in (module.spatial, module.channel))
    torch.testing.assert_close(module(maps), maps * spatial * channel, atol=1e-12, rtol=0)


class Watch(TorchDispatchMode):
    """Notes the largest tensor that any operation makes, forward and backward."""

    def __init__(self) -> None:
        super().__init__()
        self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        made = [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
        self.largest = max([self.largest, *(tensor.untyped_storage().nbytes() // 4 for tensor in made)])
        return out


@pytest.mark.parametrize(
    ("name", "feature_map", "nodes"),
    [("rga_s", FeatureMap(8, 32, 32), 1024), ("rga_c", FeatureMap(1024, 4, 2), 1024)],
)
def test_no_tensor_has_nodes_times_nodes_elements_per_image(name: str, feature_map: FeatureMap, nodes: int) -> None:
    images = 4  # the layer over relations itself has 2M x M / 8 weights, as many as one image's affinity / 4
    module = ATTENTIONS[name](feature_map)
    maps = torch.randn(images, *feature_map, requires_grad=True)
    saved: list[int] = []
    with (
        torch.autograd.graph.saved_tensors_hooks(
            lambda t: saved.append(t.untyped_storage().nbytes() // 4) or t, lambda t: t
        ),
        Watch() as forward,
    ):
        output = module(maps)
    with Watch() as backward:
        output.square().sum().backward()
    assert 0 < max(saved) < nodes * nodes
    assert 0 < forward.largest < nodes * nodes
    assert 0 < backward.largest < nodes * nodes
    with Watch() as definition:
        direct(module, maps)
    assert definition.largest >= images * nodes * nodes


@pytest.mark.parametrize("name", ["rga_s", "rga_c", "rga_sc"])
def test_channels_last_stays_channels_last_and_equals_contiguous(name: str) -> None:
    module = made(name, torch.float64).eval()
    maps = torch.randn(2, *MAP, dtype=torch.float64)
    last = module(maps.to(memory_format=torch.channels_last))
    assert last.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(last, module(maps), atol=1e-12, rtol=0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_under_autocast_the_sums_over_nodes_are_full_precision(dtype: torch.dtype) -> None:
    # 4096 terms of 64 x 32: the sum 2^23 is beyond float16, and bfloat16 would stop adding at 2^19 or so.
    pair = torch.full((1, 2, 1, 4096), 32.0, dtype=dtype)
    weight = torch.full((1, 8192), 1 / 4096)
    with torch.autocast("cpu", dtype=dtype):
        relations = _relations(pair, weight)
    assert torch.equal(relations.float(), torch.full((1, 1, 1, 4096), 2 * 32.0 * 32.0))


@pytest.mark.parametrize(("name", "count"), [("rga_s", 26_731_832), ("rga_c", 26_598_328), ("rga_sc", 29_822_128)])
def test_backbones_count_as_released(name: str, count: int) -> None:
    with torch.device("cpu"):
        backbone = build_backbone(
            "resnet50", image_size=(256, 128), last_stride=1, attention={"every_stage": ATTENTIONS[name]}
        )
    assert sum(parameter.numel() for parameter in backbone.parameters()) == count


@pytest.mark.parametrize(
    ("name", "feature_map", "settings"),
    [
        ("rga_s", FeatureMap(64, 4, 2), {}),  # 8 positions -> 1 relation, (1 + 1) // 8 = 0 in the gate
        ("rga_s", FeatureMap(4, 16, 8), {}),  # 4 channels // 8 = 0 embedded
        ("rga_c", FeatureMap(64, 2, 2), {}),  # 4 positions // 8 = 0 embedded
        ("rga_sc", FeatureMap(64, 8, 8), {"reduction": 128}),
        ("rga_cs", FeatureMap(64, 8, 8), {"gate_reduction": 64}),
    ],
)
def test_a_reduction_that_leaves_no_channels_is_refused(
    name: str, feature_map: FeatureMap, settings: dict[str, int]
) -> None:
    with pytest.raises(ReseenError, match=r"leave no channels of .* expected at least 1 each, got"):
        ATTENTIONS[name](feature_map, **settings)


@pytest.mark.parametrize("name", [*SEQUENTIAL, "rga_parallel"])
def test_another_map_is_refused_with_both_sizes(name: str) -> None:
    message = (
        r"built for 128 channels of 16 x 8 = 128 positions, got 128 channels of 8 x 16 = 128 positions.*set_input_size"
    )
    with pytest.raises(ReseenError, match=message):
        made(name)(torch.randn(2, 128, 8, 16))


def test_it_compiles_and_gives_the_same() -> None:
    module = made("rga_sc", feature_map=FeatureMap(64, 8, 8)).eval()
    maps = torch.randn(2, 64, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(torch.compile(module, backend="aot_eager")(maps), module(maps))
