"""Every loss in the table: one finite number, finite gradients, in float32, float64 and under bfloat16 autocast."""

import pytest
import torch
from torch import Tensor, nn

from losses_by_name import loss_by_name
from reseen.errors import ReseenError
from reseen.losses import LOSSES, WeightedSum
from reseen.types import Output

IDENTITIES, WIDTH = 5, 16
LABELS = torch.tensor([0, 0, 3, 3, 4, 4, 1, 1])
OF_NO_IDENTITY = ["prototypes", "self_distillation"]
WITH_WEIGHTS = ["arcface", "attributes", "centre", "circle_softmax", "cosface", "proxy_anchor", "proxy_nca"]


def output_of(features: Tensor, *, branches: int = 1) -> Output:
    torch.manual_seed(1)
    necked = features - features.mean(dim=0)
    logits = necked @ torch.randn(WIDTH, IDENTITIES, dtype=features.dtype)
    return Output(
        embedding=necked,
        pooled=(features,) * branches,
        necked=(necked,) * branches,
        logits=(logits,) * branches,
        taught=(taught(features.dtype),),
        crops=(features, features.roll(1, dims=1), features.flip(1)),
        taught_crops=tuple(torch.rand(2, len(LABELS), 1024, dtype=features.dtype)),
        shares=features.unflatten(1, (4, 2, 2)).softmax(dim=1),
    )


def taught(dtype: torch.dtype = torch.float32) -> Tensor:
    """A teacher's answers, which are right."""
    return 8 * nn.functional.one_hot(LABELS, IDENTITIES).to(dtype)


def made(name: str) -> nn.Module:
    torch.manual_seed(2)
    return loss_by_name(name, num_identities=IDENTITIES, width=WIDTH)


@pytest.fixture
def features() -> Tensor:
    return torch.randn(len(LABELS), WIDTH, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", LOSSES)
def test_each_loss_is_one_number_with_finite_gradients(name: str, dtype: torch.dtype, features: Tensor) -> None:
    features = features.to(dtype).requires_grad_()
    loss = made(name).to(dtype)
    before = features.detach().clone()
    value = loss(output_of(features), LABELS)
    assert value.shape == ()
    assert value.dtype == dtype
    assert value.isfinite()
    value.backward()
    assert features.grad is not None
    assert features.grad.isfinite().all()
    assert features.grad.any()
    assert all(parameter.grad.any() for parameter in loss.parameters())
    assert torch.equal(features.detach(), before)


@pytest.mark.parametrize("name", LOSSES)
def test_each_loss_raises_half_precision_before_it_computes(name: str, features: Tensor) -> None:
    half = output_of(features)
    half = Output(
        half.embedding.bfloat16(),
        *(tuple(part.bfloat16() for part in parts) for parts in (half.pooled, half.necked, half.logits)),
        taught=half.taught,
        crops=tuple(crop.bfloat16() for crop in half.crops),
        taught_crops=half.taught_crops,
        shares=half.shares.bfloat16(),
    )
    raised = Output(
        half.embedding.float(),
        *(tuple(p.float() for p in parts) for parts in half[1:4]),
        taught=half.taught,
        crops=tuple(crop.float() for crop in half.crops),
        taught_crops=half.taught_crops,
        shares=half.shares.float(),
    )
    loss = made(name)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(half, LABELS)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, made(name)(raised, LABELS))


@pytest.mark.parametrize("name", sorted(set(LOSSES) - set(OF_NO_IDENTITY)))
def test_each_loss_falls_when_identities_gather(name: str) -> None:
    """Features at their identity's own axis cost less than features at random ones."""
    loss = made(name)
    weights = next(loss.parameters(), torch.eye(WIDTH)[:IDENTITIES])
    centres = weights.detach() if weights.shape[0] == IDENTITIES else weights.detach().T
    gathered, scattered = centres[LABELS], centres[LABELS.roll(1)]

    def value(features: Tensor) -> Tensor:
        logits = features @ centres.T
        result: Tensor = loss(Output(features, (features,), (features,), (logits,), taught=(taught(),)), LABELS)
        return result

    assert value(gathered) < value(scattered)


@pytest.mark.parametrize("name", sorted(set(LOSSES) - {*WITH_WEIGHTS, *OF_NO_IDENTITY}))
def test_equal_branches_cost_what_one_costs(name: str, features: Tensor) -> None:
    loss = made(name)
    assert not list(loss.parameters())
    torch.testing.assert_close(loss(output_of(features, branches=3), LABELS), loss(output_of(features), LABELS))


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_weights_for_one_branch_refuse_several(name: str, features: Tensor) -> None:
    loss = made(name)
    matrices = [parameter for parameter in loss.parameters() if parameter.ndim == 2]
    assert sum(matrix.numel() for matrix in matrices) == IDENTITIES * WIDTH
    with pytest.raises(ReseenError, match="the model has 2 branches"):
        loss(output_of(features, branches=2), LABELS)


def test_weighted_sum_adds_up_and_reports_each_term(features: Tensor) -> None:
    names = {"cross_entropy": 0.6, "triplet": 1.5}
    objective = WeightedSum({name: made(name) for name in names}, weights=names)
    total, terms = objective(output_of(features.requires_grad_()), LABELS)
    assert terms.keys() == names.keys()
    expected = sum(weight * made(name)(output_of(features), LABELS) for name, weight in names.items())
    torch.testing.assert_close(total, expected)
    assert total.requires_grad
    assert not any(term.requires_grad for term in terms.values())


def test_weighted_sum_hands_out_the_weights_of_its_losses() -> None:
    objective = WeightedSum({"arcface": made("arcface")}, weights={"arcface": 1.0})
    assert sum(parameter.numel() for parameter in objective.parameters()) == IDENTITIES * WIDTH


def test_weighted_sum_needs_a_weight_for_each_loss() -> None:
    with pytest.raises(ValueError, match="each loss needs a weight"):
        WeightedSum({"triplet": made("triplet")}, weights={})
    with pytest.raises(ValueError, match="each loss needs a weight"):
        WeightedSum({}, weights={})
