"""Whatever is in the table of attentions keeps the same contract."""

from pathlib import Path

import onnxruntime
import pytest
import torch
from torch import nn

from reseen.attention import ATTENTIONS
from reseen.attention.resize import Resizable, resized
from reseen.types import FeatureMap
from shared import made_once

MAP = FeatureMap(channels=64, height=16, width=8)


def made(name: str) -> nn.Module:
    return ATTENTIONS[name](MAP)


@pytest.mark.parametrize("name", ATTENTIONS)
def test_it_says_what_it_is(name: str) -> None:
    assert (ATTENTIONS[name].__doc__ or "").splitlines()[0].endswith(".")


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", ATTENTIONS)
def test_it_keeps_the_shape_and_its_input_and_gives_finite_gradients(
    name: str, memory_format: torch.memory_format
) -> None:
    module = made(name)
    maps = torch.randn(4, *MAP).to(memory_format=memory_format).requires_grad_()
    before = maps.detach().clone()
    output = module(maps)
    assert output.shape == maps.shape
    output.square().sum().backward()
    assert torch.equal(maps.detach(), before)
    assert maps.grad is not None
    assert maps.grad.isfinite().all()
    assert maps.grad.any()
    for parameter in module.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()


NEUTRAL = {"rga_s": 0.5, "rga_c": 0.5, "rga_sc": 0.25, "rga_cs": 0.25, "rga_parallel": 0.25} | {
    "lka": 1.0,
    "lska": 1.0,
    "hca": 0.5,
}
"""Name -> what every position and channel is multiplied by at a neutral start."""


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_neutral_start_changes_nothing_but_the_scale_and_can_learn(name: str) -> None:
    module, maps = ATTENTIONS[name](MAP, start="neutral"), torch.randn(4, *MAP)
    output = module(maps)
    torch.testing.assert_close(output, NEUTRAL[name] * maps)
    (output * torch.randn_like(output)).sum().backward()
    assert any(parameter.grad is not None and parameter.grad.any() for parameter in module.parameters())


@pytest.mark.parametrize("name", ATTENTIONS)
def test_images_do_not_mix_in_evaluation_and_the_same_goes_in_and_out(name: str) -> None:
    module, maps = made(name).eval(), torch.randn(3, *MAP)
    with torch.no_grad():
        torch.testing.assert_close(module(maps)[1:2], module(maps[1:2]))
        assert torch.equal(module(maps), module(maps))


@pytest.mark.parametrize("name", ATTENTIONS)
def test_it_can_be_built_and_run_in_float64(name: str) -> None:
    maps = torch.randn(2, *MAP, dtype=torch.float64)
    assert made(name).double()(maps).dtype == torch.float64


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ATTENTIONS)
def test_autocast_gives_finite_gradients_and_nearly_the_same(name: str, dtype: torch.dtype) -> None:
    module = made(name).eval()
    maps = torch.randn(2, *MAP, requires_grad=True)
    with torch.autocast("cpu", dtype=dtype):
        output = module(maps)
    expected = module(maps).detach()
    # bfloat16 keeps 8 bits: a handful of roundings of 2^-8 each.
    torch.testing.assert_close(output.float(), expected, rtol=0.05, atol=0.05 * float(expected.abs().max()))
    output.float().sum().backward()
    assert maps.grad is not None
    assert maps.grad.isfinite().all()


@pytest.mark.parametrize("name", ATTENTIONS)
def test_it_can_be_exported(name: str) -> None:
    module, maps = made(name).eval(), torch.randn(2, *MAP)
    exported = torch.export.export(module, (maps,)).module()
    with torch.no_grad():
        torch.testing.assert_close(exported(maps), module(maps))


class All(nn.Module):
    """Every attention of the table on the same maps, so that one export serves all tests."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({name: made(name) for name in ATTENTIONS})

    def forward(self, maps: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(part(maps) for part in self.parts.values())


@pytest.fixture(scope="module")
def in_onnx(tmp_path_factory: pytest.TempPathFactory) -> tuple[All, onnxruntime.InferenceSession]:
    torch.manual_seed(0)
    every = All().eval()

    def export(folder: Path) -> None:
        batch, maps = torch.export.Dim.DYNAMIC, torch.randn(2, *MAP)
        torch.onnx.export(every, (maps,), folder / "all.onnx", dynamic_shapes=({0: batch},), verbose=False)

    return every, onnxruntime.InferenceSession(made_once(tmp_path_factory, "attentions", export) / "all.onnx")


@pytest.mark.parametrize("name", ATTENTIONS)
def test_onnx_gives_the_same_for_any_batch(name: str, in_onnx: tuple[All, onnxruntime.InferenceSession]) -> None:
    every, session = in_onnx
    maps = torch.randn(5, *MAP)
    with torch.no_grad():
        expected = every.parts[name](maps)
    outputs = session.run(None, {session.get_inputs()[0].name: maps.numpy()})
    torch.testing.assert_close(torch.from_numpy(outputs[list(ATTENTIONS).index(name)]), expected)


@pytest.mark.parametrize(
    "name", [name for name in ATTENTIONS if any(isinstance(m, Resizable) for m in made(name).modules())]
)
def test_what_can_be_resized_works_at_the_new_size(name: str) -> None:
    module = made(name).eval()
    before = {key: tensor.clone() for key, tensor in module.state_dict().items()}
    larger = resized(module, FeatureMap(64, 24, 8))
    assert larger(torch.randn(2, 64, 24, 8)).isfinite().all()
    module(torch.randn(2, *MAP))
    assert all(torch.equal(tensor, before[key]) for key, tensor in module.state_dict().items())
