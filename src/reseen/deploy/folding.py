"""Folds batch norms into the convolutions before them: the same network with one pass less for each.

In evaluation mode a batch norm is x * s + t per channel, which a convolution can do: weights times s, bias t.
"""

import copy
from itertools import pairwise

import torch
from timm.layers.norm_act import BatchNormAct2d
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

_FOLDABLE = (nn.BatchNorm2d, BatchNormAct2d)
_ALIKE = 1e-5
_TRIED = 2


def folded(model: nn.Module, *, image_size: tuple[int, int]) -> nn.Module:
    """A copy of ``model``, in evaluation mode, with its batch norms folded; ``model`` itself where that changes it.

    The order of registration tells which norm follows which convolution, as every backbone here is written. Then both
    networks must give the same embeddings (to 1e-5 of length 1) for noise of ``image_size`` (height, width).
    """
    lighter = copy.deepcopy(model).eval()
    for parent in list(lighter.modules()):
        for (convolution_name, convolution), (name, norm) in pairwise(list(parent.named_children())):
            if isinstance(convolution, nn.Conv2d) and type(norm) in _FOLDABLE:
                assert isinstance(norm, nn.BatchNorm2d), "both kinds are one"
                if norm.num_features == convolution.out_channels:
                    parent.set_submodule(convolution_name, _fused(convolution, norm))
                    parent.set_submodule(name, _rest(norm))
    noise = torch.randn(_TRIED, 3, *image_size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, got = (nn.functional.normalize(network(noise).embedding) for network in (model.eval(), lighter))
    return lighter if (expected - got).abs().max() <= _ALIKE else model


def _fused(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """Both as one convolution, computed in float64, so that nothing is lost on the way."""
    dtype = convolution.weight.dtype
    return fuse_conv_bn_eval(convolution.double(), norm.double()).to(dtype).requires_grad_(requires_grad=False)


def _rest(norm: nn.BatchNorm2d) -> nn.Module:
    """The activation of a timm norm, which follows the normalisation."""
    return norm.act if isinstance(norm, BatchNormAct2d) else nn.Identity()
