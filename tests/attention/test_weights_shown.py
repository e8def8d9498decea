"""What attention shows of itself is what it does: the weights shown, applied by hand, give its output."""

import pytest
import torch
from einops import rearrange
from torch import Tensor

from reseen.attention import ATTENTIONS
from reseen.attention.mhsa import mhsa
from reseen.attention.rga import rga_s
from reseen.errors import ReseenError
from reseen.types import FeatureMap

SHAPE = FeatureMap(16, 4, 3)


def drawn() -> Tensor:
    return torch.randn(2, *SHAPE, dtype=torch.float64)


def test_relation_rows_are_those_of_the_affinity():
    module, maps = rga_s(SHAPE, reduction=2, gate_reduction=2).double().eval(), drawn()
    torch.nn.init.normal_(module.relation.embed_norm.running_mean)
    nodes = rearrange(maps, "b c h w -> b c 1 (h w)")
    theta, phi, _ = module.relation.embed_norm(module.relation.embed(nodes)).relu()[:, :, 0].chunk(3, dim=1)
    affinity = torch.einsum("bfi,bfk->bik", theta, phi)  # eq. 1, which forward never forms
    for position in ((0, 0), (2, 1), (3, 2)):
        node = position[0] * 3 + position[1]
        outward, inward = module.relations(maps, position=position).flatten(2).unbind(dim=1)
        assert torch.allclose(outward, affinity[:, node], atol=1e-12)
        assert torch.allclose(inward, affinity[:, :, node], atol=1e-12)


@pytest.mark.parametrize("heads", [1, 4])
def test_self_attention_takes_values_in_these_shares(heads):
    module, maps = mhsa(SHAPE, heads=heads).double(), drawn()
    value = rearrange(module.value(maps), "b (heads d) h w -> b heads d h w", heads=heads)
    out = rearrange(module(maps), "b (heads d) h w -> b heads d h w", heads=heads)
    every = []
    for row in range(4):
        for column in range(3):
            shares = module.weights(maps, position=(row, column))
            assert torch.allclose(shares.sum(dim=(2, 3)), torch.ones(2, heads, dtype=torch.float64))
            taken = torch.einsum("bahw,badhw->bad", shares, value)
            assert torch.allclose(taken, out[..., row, column], atol=1e-12)
            every.append(shares)
    assert torch.allclose(module.weights(maps), torch.stack(every).mean(dim=0), atol=1e-12)


@pytest.mark.parametrize("name", ["lka", "lska"])
def test_large_kernels_multiply_by_these_weights(name):
    module, maps = ATTENTIONS[name](SHAPE, kernel=9).double(), drawn()
    features = module.proj_in(torch.nn.functional.gelu(maps))
    assert torch.allclose(module(maps), module.proj_out(module.weights(maps) * features) + maps, atol=1e-12)


def test_hybrid_channel_attention_multiplies_by_these_weights():
    module, maps = ATTENTIONS["hca"](SHAPE, grid=2).double(), drawn()
    weights = module.weights(maps)
    assert weights.min() > 0
    assert weights.max() < 1
    assert torch.allclose(module(maps) / maps, weights, atol=1e-12)


def test_relations_of_another_map_are_refused():
    with pytest.raises(ReseenError, match="built for 16 channels of 4 x 3"):
        rga_s(SHAPE, reduction=2, gate_reduction=2).relations(torch.randn(1, 16, 3, 4), position=(0, 0))
    with pytest.raises(ReseenError, match="built for 16 channels of 4 x 3"):
        mhsa(SHAPE).weights(torch.randn(1, 16, 3, 4))
