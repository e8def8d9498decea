"""A loss that compares images of a batch says so: proven by whether one image's gradient depends on another image."""

import pytest
import torch

from losses_by_name import loss_by_name
from reseen.losses import LOSSES, compares_pairs, does_compare_pairs
from reseen.types import Output

IDENTITIES, WIDTH = 3, 8
LABELS = torch.tensor([0, 0, 1, 1, 2, 2])


def gradient_of_first(name: str, features: torch.Tensor) -> torch.Tensor:
    """What the loss does to the first image."""
    features = features.clone().requires_grad_()
    torch.manual_seed(1)
    loss = loss_by_name(name, num_identities=IDENTITIES, width=WIDTH).double()
    head = torch.randn(WIDTH, IDENTITIES, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    taught = torch.eye(IDENTITIES, dtype=torch.float64)[LABELS]
    output = Output(features, (features,), (features,), (features @ head,), taught=(taught,))
    loss(output, LABELS).backward()
    return features.grad[0]


BY_OTHER_MEANS = {"proxy_anchor", "prototypes", "self_distillation"}
"""The first has a test of its own; the second sees no features, and the third ties images by its batch norms alone."""


@pytest.mark.parametrize("name", sorted(set(LOSSES) - BY_OTHER_MEANS))
def test_a_loss_compares_pairs_where_it_says_so(name):
    features = torch.randn(6, WIDTH, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    moved = features.clone()
    moved[1:] += torch.randn(5, WIDTH, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    alone = torch.allclose(gradient_of_first(name, features), gradient_of_first(name, moved), rtol=1e-9, atol=1e-12)
    assert does_compare_pairs(LOSSES[name]) is not alone


def test_proxy_anchor_compares_images_with_proxies_and_trains_on_one_image_of_each_identity():
    # Its log-sum over an identity's images ties their gradients together, but a single one has a loss and a gradient.
    features = torch.randn(3, WIDTH, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = loss_by_name("proxy_anchor", num_identities=IDENTITIES, width=WIDTH)
    loss(Output(features, (features,), (features,), ()), torch.arange(3)).backward()
    assert features.grad.abs().sum() > 0
    assert not does_compare_pairs(LOSSES["proxy_anchor"])


def test_a_factory_of_ones_own_is_marked_the_same_way():
    @compares_pairs
    def mine():
        return torch.nn.Identity()

    assert does_compare_pairs(mine)
