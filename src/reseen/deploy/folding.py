"""Batch norm folded into the convolution before it: the same function of a trained network with a pass less a layer.

In evaluation a batch norm is x * s + t by channel, so the convolution may carry it: weights times s, and t as its bias.
"""

import copy
from itertools import pairwise

import torch
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn

_FOLDABLE = (nn.BatchNorm2d, BatchNormAct2d)
_ALIKE = 1e-5
_TRIED = 2


def folded(model: nn.Module, *, image_size: tuple[int, int]) -> nn.Module:
    """A copy of ``model``, in evaluation mode, with its batch norms folded; ``model`` itself where that changes it.

    Which layer follows which is read from the order they were registered in, as every backbone here is written, and
    then proved: both must give the same embeddings (to 1e-5 of length 1) for noise of ``image_size`` (height, width).
    """
    lighter = copy.deepcopy(model).eval()
    for parent in list(lighter.modules()):
        for (_, convolution), (name, norm) in pairwise(list(parent.named_children())):
            if isinstance(convolution, nn.Conv2d) and type(norm) in _FOLDABLE:
                assert isinstance(norm, nn.BatchNorm2d), "both kinds are one"
                if norm.num_features == convolution.out_channels:
                    _fold(convolution, norm)
                    parent.set_submodule(name, _rest(norm))
    noise = torch.randn(_TRIED, 3, *image_size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        before, after = (nn.functional.normalize(tried(noise).embedding) for tried in (model.eval(), lighter))
    return lighter if (before - after).abs().max() <= _ALIKE else model


def _fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """In float64, so that nothing is lost on the way."""
    assert norm.running_mean is not None, "a trained network's norms have statistics"
    assert norm.running_var is not None, "a trained network's norms have statistics"
    scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    bias = torch.zeros_like(scale) if convolution.bias is None else convolution.bias.double()
    bias = norm.bias.double() + (bias - norm.running_mean.double()) * scale
    convolution.weight = _constant(convolution.weight.double() * scale.reshape(-1, 1, 1, 1), like=convolution.weight)
    convolution.bias = _constant(bias, like=convolution.weight)


def _constant(values: Tensor, *, like: Tensor) -> nn.Parameter:
    return nn.Parameter(values.detach().to(like.dtype), requires_grad=False)


def _rest(norm: nn.BatchNorm2d) -> nn.Module:
    """What a timm norm does after normalising."""
    return norm.act if isinstance(norm, BatchNormAct2d) else nn.Identity()
