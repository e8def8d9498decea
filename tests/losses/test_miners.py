"""Losses and miners of pytorch-metric-learning by name, against the library called by hand."""

from math import acos, cos, exp, log, pi

import pytest
import torch
from pytorch_metric_learning import losses, miners

from losses_by_name import loss_by_name
from reseen.types import Output

LABELS = torch.tensor([0, 0, 1, 1, 2, 2])
SHAPE = {"num_identities": 3, "width": 8}


@pytest.fixture
def features() -> torch.Tensor:
    return torch.randn(6, 8, generator=torch.Generator().manual_seed(0))


def value(name, features, **settings):
    return loss_by_name(name, **SHAPE, **settings)(Output(features, (features,), (features,), ()), LABELS)


def test_any_loss_of_the_library_is_had_by_its_class(features):
    ours = value("metric_learning", features, loss="NTXentLoss", settings={"temperature": 0.5})
    torch.testing.assert_close(ours, losses.NTXentLoss(temperature=0.5)(features, LABELS))


def test_a_loss_with_weights_of_its_own_gets_the_shape_of_the_model():
    loss = loss_by_name("metric_learning", **SHAPE, loss="SubCenterArcFaceLoss")
    assert next(loss.parameters()).shape[0] == 8


def test_sub_centre_arcface_takes_each_identitys_nearest_centre_as_a_recipe_sets_it(features):
    settings = {"sub_centers": 2, "margin": 30.0, "scale": 8.0}
    loss = loss_by_name("metric_learning", **SHAPE, loss="SubCenterArcFaceLoss", settings=settings)
    (weights,) = loss.parameters()
    unit, centres = features / features.norm(dim=1, keepdim=True), (weights / weights.norm(dim=0)).T.detach()
    assert len(centres) == 2 * SHAPE["num_identities"]
    costs = []
    for row, label in zip(unit, LABELS.tolist(), strict=True):
        cosines = [max(float(row @ centres[2 * i]), float(row @ centres[2 * i + 1])) for i in range(3)]
        cosines[label] = cos(acos(cosines[label]) + pi / 6)
        costs.append(log(sum(exp(8 * value) for value in cosines)) - 8 * cosines[label])
    ours = loss(Output(features, (features,), (features,), ()), LABELS)
    torch.testing.assert_close(ours, torch.tensor(sum(costs) / len(costs)), rtol=1e-5, atol=1e-6)


def test_a_miner_chooses_what_a_loss_compares(features):
    miner = {"name": "MultiSimilarityMiner", "epsilon": -0.5}
    ours = value("multi_similarity", features, miner=miner)
    chosen = miners.MultiSimilarityMiner(epsilon=-0.5)(features, LABELS)
    theirs = losses.MultiSimilarityLoss(alpha=2, beta=50, base=0.5)(features, LABELS, chosen)
    torch.testing.assert_close(ours, theirs)
    assert not torch.equal(ours, value("multi_similarity", features))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"loss": "NTXentLos"}, "no loss 'NTXentLos'; did you mean 'NTXentLoss'"),
        ({"loss": "NTXentLoss", "settings": {"temprature": 1}}, "no setting 'temprature'; did you mean 'temperature'"),
        ({"miner": {"name": "MultiSimilarityMinor"}}, "did you mean 'MultiSimilarityMiner'"),
        ({"miner": {"name": "MultiSimilarityMiner", "epsilom": 1}}, "no setting 'epsilom'; did you mean 'epsilon'"),
        ({"miner": {}}, "no miner 'None'"),
    ],
)
def test_what_the_library_does_not_know_is_named_with_the_nearest(settings, words):
    with pytest.raises(ValueError, match=words):
        loss_by_name("metric_learning", **SHAPE, **settings)
