"""Part 1: every attention on the device in low precision beside float64 on the CPU, forward and gradients."""

from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from attention import DirectAttention, DirectRelation
from gpu.part import Cell, Row, Setting
from reseen.attention import ATTENTIONS
from reseen.types import FeatureMap

DIRECT = "rga_sc, direct form"
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Pass(NamedTuple):
    """What a forward and a backward pass give: the output, the map's gradient, all weights' gradients as one."""

    output: Tensor
    map_gradient: Tensor
    weight_gradient: Tensor


def equality_cells(setting: Setting) -> Iterator[Cell]:
    """One cell an attention, and one for RGA by its definition."""
    yield Cell(f"equality {DIRECT}", 2.0, partial(direct_form, setting))
    for name in ATTENTIONS:
        yield Cell(f"equality {name}", 2.0, partial(each_precision, name, setting))


def shape(setting: Setting) -> tuple[int, FeatureMap]:
    """How many maps, and of which size."""
    return (2, FeatureMap(64, 16, 8)) if setting.smoke else (4, FeatureMap(256, 32, 16))


def each_precision(name: str, setting: Setting) -> Iterator[Row]:
    """Relative errors of one attention in each precision."""
    _, feature_map = shape(setting)
    torch.manual_seed(0)
    exact = ATTENTIONS[name](feature_map).double()
    yield from beside_float64(exact, exact, name=name, setting=setting)


def direct_form(setting: Setting) -> Iterator[Row]:
    """The errors of RGA-SC by its definition, with the same weights and beside the same float64."""
    _, feature_map = shape(setting)
    torch.manual_seed(0)
    exact = ATTENTIONS["rga_sc"](feature_map).double()
    yield from beside_float64(exact, by_definition(exact, feature_map).double(), name=DIRECT, setting=setting)


def beside_float64(exact: nn.Module, other: nn.Module, *, name: str, setting: Setting) -> Iterator[Row]:
    """``other`` on the device in each precision, beside ``exact`` on the CPU; both are float64 and know no difference.

    Weights stay float32 and autocast decides, as in training; errors are norms of differences by norms.
    """
    count, feature_map = shape(setting)
    torch.manual_seed(1)
    maps, towards = (torch.randn(count, *feature_map, dtype=torch.float64) for _ in range(2))
    wanted = both_ways(exact, maps, towards)
    for precision, kind in PRECISIONS.items():
        if kind == torch.float16 and setting.device == "cpu":
            continue
        module = deepcopy(other).float().to(setting.device)
        with (
            torch.backends.cudnn.flags(enabled=True, allow_tf32=False),  # fp32 is to mean float32
            torch.autocast(setting.device, dtype=kind, enabled=kind != torch.float32),
        ):
            got = both_ways(module, maps.float().to(setting.device), towards.float().to(setting.device))
        errors = [relative(one, two) for one, two in zip(got, wanted, strict=True)]
        row = dict(zip(("output", "map's gradient", "weights' gradients"), errors, strict=True))
        finite = all(bool(torch.isfinite(one).all()) for one in got)
        yield {"row": f"equality {name} {precision}", **row, "rounding": torch.finfo(kind).eps, "finite": finite}


def both_ways(module: nn.Module, maps: Tensor, towards: Tensor) -> Pass:
    """Forward, and backward along ``towards``."""
    maps = maps.detach().requires_grad_()
    module.zero_grad()
    output = module(maps)
    (output * towards).sum().backward()
    assert maps.grad is not None, "an attention's output depends on its map"
    gradients = [weight.grad.flatten() for weight in ordered(module) if weight.grad is not None]
    return Pass(output.detach(), maps.grad, torch.cat(gradients))


def ordered(module: nn.Module) -> list[nn.Parameter]:
    """The weights, those of RGA's two forms in the same order and number."""
    parts = [part for part in module.modules() if isinstance(part, DirectRelation)]
    if not parts:
        return list(module.parameters())
    return [weight for part in parts for weight in as_in_ours(part)]


def relative(got: Tensor, wanted: Tensor) -> float:
    """The norm of the difference by the norm."""
    return float((got.double().cpu() - wanted).norm() / wanted.norm())


def by_definition(module: nn.Module, feature_map: FeatureMap) -> nn.Module:
    """RGA-SC of ours as its paper writes it, with the same weights."""
    direct = DirectAttention(feature_map)
    vector_to_parameters(parameters_to_vector(module.parameters()), ordered(direct))
    return direct


def as_in_ours(part: DirectRelation) -> list[nn.Parameter]:
    """The weights of one half by its definition, one after another as they stand in `RelationGate`."""
    embeddings = [part.theta, part.phi, part.own]
    convolutions, norms = ([block[place] for block in embeddings] for place in (0, 1))
    weights = [conv.weight for conv in convolutions]
    weights += [norm.weight for norm in norms] + [norm.bias for norm in norms]
    for module in (*part.relate, *part.gate[0], part.gate[1], part.gate[2]):
        weights += list(module.parameters())
    return weights
