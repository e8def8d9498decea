"""The losses we write or whose settings we translate, against naive loops over the papers' formulas in float64."""

from math import acos, cos, exp, log, pi

import pytest
import torch
from torch import Tensor

from losses_by_name import loss_by_name
from reseen.errors import ReseenError
from reseen.types import Output

LABELS = [0, 0, 1, 1, 1, 2, 2]
SHAPE = {"num_identities": 3, "width": 4}


@pytest.fixture
def features() -> Tensor:
    return torch.randn(7, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


def at(features: Tensor, *, logits: tuple[Tensor, ...] = ()) -> Output:
    return Output(embedding=features, pooled=(features,), necked=(features,), logits=logits)


def distance(a: list[float], b: list[float]) -> float:
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5


def unit(a: list[float]) -> list[float]:
    length = sum(x * x for x in a) ** 0.5
    return [x / length for x in a]


def hardest_gaps(rows: list[list[float]]) -> list[float]:
    gaps = []
    for i, anchor in enumerate(rows):
        positives = [distance(anchor, r) for j, r in enumerate(rows) if j != i and LABELS[j] == LABELS[i]]
        negatives = [distance(anchor, r) for j, r in enumerate(rows) if LABELS[j] != LABELS[i]]
        gaps.append(max(positives) - min(negatives))
    return gaps


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("margin", [0.1, 0.3, 5.0])
def test_triplet_is_the_mean_over_all_anchors(features: Tensor, margin: float, normalize: bool) -> None:
    rows = [unit(row) for row in features.tolist()] if normalize else features.tolist()
    expected = sum(max(0.0, gap + margin) for gap in hardest_gaps(rows)) / 7
    loss = loss_by_name("triplet", **SHAPE, margin=margin, normalize=normalize)
    assert loss(at(features), torch.tensor(LABELS)).item() == pytest.approx(expected, rel=1e-12)


def test_satisfied_anchors_count_in_the_mean() -> None:
    # On a line: anchors at 0, 1 | 3, 9. Gaps 1-3, 1-2, 6-2, 6-8; with margin 0.5 only the third costs: 4.5 / 4.
    line = torch.tensor([[0.0], [1.0], [3.0], [9.0]])
    value = loss_by_name("triplet", num_identities=2, width=1, margin=0.5)(at(line), torch.tensor([0, 0, 1, 1]))
    assert value.item() == pytest.approx(4.5 / 4)


def test_soft_margin(features: Tensor) -> None:
    expected = sum(log(1 + exp(gap)) for gap in hardest_gaps(features.tolist())) / 7
    value = loss_by_name("triplet_soft", **SHAPE)(at(features), torch.tensor(LABELS))
    assert value.item() == pytest.approx(expected, rel=1e-12)


def test_triplet_gradient_is_finite_where_images_coincide() -> None:
    features = torch.ones(4, 3, requires_grad=True)
    loss_by_name("triplet", num_identities=2, width=3)(at(features), torch.tensor([0, 0, 1, 1])).backward()
    assert features.grad is not None
    assert features.grad.isfinite().all()


@pytest.mark.parametrize("labels", [[0, 1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 2, 2, 3]])
def test_a_batch_without_triplets_is_refused(features: Tensor, labels: list[int]) -> None:
    with pytest.raises(ValueError, match="each identity at least twice"):
        loss_by_name("triplet", **SHAPE)(at(features), torch.tensor(labels))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_cross_entropy_smooths_over_all_identities(features: Tensor, smoothing: float) -> None:
    logits = features[:, :3]
    expected = 0.0
    for row, label in zip(logits.tolist(), LABELS, strict=True):
        total = log(sum(exp(x) for x in row))
        targets = [(1 - smoothing) * (k == label) + smoothing / 3 for k in range(3)]
        expected -= sum(y * (x - total) for y, x in zip(targets, row, strict=True)) / 7
    loss = loss_by_name("cross_entropy", **SHAPE, label_smoothing=smoothing)
    assert loss(at(features, logits=(logits,)), torch.tensor(LABELS)).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("smoothing", [0.1, 0.4])
def test_smoothing_over_the_others_leaves_the_true_identity_without_a_share(features: Tensor, smoothing: float) -> None:
    logits = features[:, :3]
    expected = 0.0
    for row, label in zip(logits.tolist(), LABELS, strict=True):
        total = log(sum(exp(x) for x in row))
        targets = [1 - smoothing if k == label else smoothing / 2 for k in range(3)]
        expected -= sum(y * (x - total) for y, x in zip(targets, row, strict=True)) / 7
    loss = loss_by_name("cross_entropy", **SHAPE, label_smoothing=smoothing, smoothed="others")
    assert loss(at(features, logits=(logits,)), torch.tensor(LABELS)).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["cross_entropy", "triplet", "triplet_soft"])
def test_parts_have_weights_of_their_own(features: Tensor, name: str) -> None:
    other, labels = features.roll(1, dims=0), torch.tensor(LABELS)
    plain = loss_by_name(name, **SHAPE)
    each = [plain(at(part, logits=(part[:, :3],)), labels) for part in (features, other)]
    both = Output(features, (features, other), (features, other), (features[:, :3], other[:, :3]))
    torch.testing.assert_close(plain(both, labels), sum(each) / 2)
    weighted = loss_by_name(name, **SHAPE, parts=[0.5, 0.125])
    torch.testing.assert_close(weighted(both, labels), 0.5 * each[0] + 0.125 * each[1])
    with pytest.raises(ReseenError, match="parts: expected 2 weights, one a part of the model, got 3"):
        loss_by_name(name, **SHAPE, parts=[1.0, 1.0, 1.0])(both, labels)


def test_circle_softmax_weights_each_cosine_by_its_distance_from_the_optimum(features: Tensor) -> None:
    margin, scale = 0.35, 16.0
    loss = loss_by_name("circle_softmax", **SHAPE, margin=margin, scale=scale).double()
    (weights,) = loss.parameters()
    expected = 0.0
    for row, label in zip(cosines_with_weights(features, weights.detach().T), LABELS, strict=True):
        logits = [
            scale * max(0.0, 1 + margin - s) * (s - (1 - margin))
            if k == label
            else scale * max(0.0, s + margin) * (s - margin)
            for k, s in enumerate(row)
        ]
        expected -= (logits[label] - log(sum(exp(x) for x in logits))) / 7
    assert loss(at(features), torch.tensor(LABELS)).item() == pytest.approx(expected, rel=1e-9)


def test_centre_loss_is_half_the_squared_distance_from_the_own_centre(features: Tensor) -> None:
    loss = loss_by_name("centre", **SHAPE).double()
    (centres,) = (centre.detach().tolist() for centre in loss.parameters())
    expected = sum(distance(row, centres[label]) ** 2 / 2 for row, label in zip(features.tolist(), LABELS, strict=True))
    assert loss(at(features), torch.tensor(LABELS)).item() == pytest.approx(expected / 7, rel=1e-12)


def test_cross_entropy_without_a_classifier_is_refused(features: Tensor) -> None:
    with pytest.raises(ReseenError, match="needs a model with a classifier"):
        loss_by_name("cross_entropy", **SHAPE)(at(features), torch.tensor(LABELS))


def cosines_with_weights(features: Tensor, weights: Tensor) -> list[list[float]]:
    rows, columns = [unit(r) for r in features.tolist()], [unit(c) for c in weights.T.tolist()]
    return [[sum(x * y for x, y in zip(r, c, strict=True)) for c in columns] for r in rows]


@pytest.mark.parametrize("name", ["arcface", "cosface"])
def test_margins_are_in_radians_for_arcface_and_in_cosine_for_cosface(features: Tensor, name: str) -> None:
    margin, scale = 0.2, 16.0
    loss = loss_by_name(name, **SHAPE, margin=margin, scale=scale).double()
    (weights,) = loss.parameters()
    expected = 0.0
    for row, label in zip(cosines_with_weights(features, weights.detach()), LABELS, strict=True):
        own = row[label] - margin
        if name == "arcface":
            angle = acos(row[label])
            assert angle + margin <= pi
            own = cos(angle + margin)
        logits = [scale * (own if k == label else x) for k, x in enumerate(row)]
        expected -= (logits[label] - log(sum(exp(x) for x in logits))) / 7
    # The library clips cosines a little inside [-1, 1].
    assert loss(at(features), torch.tensor(LABELS)).item() == pytest.approx(expected, rel=1e-6)


def test_circle_loss_on_pairs(features: Tensor) -> None:
    margin, scale = 0.25, 32.0
    rows = [unit(row) for row in features.tolist()]
    expected = 0.0
    for i, anchor in enumerate(rows):
        positive = negative = 0.0
        for j, other in enumerate(rows):
            s = sum(x * y for x, y in zip(anchor, other, strict=True))
            if LABELS[j] != LABELS[i]:
                negative += exp(scale * max(0.0, s + margin) * (s - margin))
            elif j != i:
                positive += exp(-scale * max(0.0, 1 + margin - s) * (s - (1 - margin)))
        expected += log(1 + positive * negative) / 7
    loss = loss_by_name("circle", **SHAPE, margin=margin, scale=scale)
    assert loss(at(features), torch.tensor(LABELS)).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["circle", "supcon", "contrastive", "multi_similarity"])
def test_the_feature_looked_at_can_be_chosen(features: Tensor, name: str) -> None:
    labels = torch.tensor(LABELS)
    other = features.roll(1, dims=0)
    output = Output(embedding=other, pooled=(features,), necked=(other,), logits=())
    for on, seen in (("pooled", features), ("necked", other)):
        loss = loss_by_name(name, **SHAPE, on=on)
        torch.testing.assert_close(loss(output, labels), loss(at(seen), labels))


def test_distillation_is_both_divergences_of_softened_answers(features: Tensor) -> None:
    temperature, own, taught = 4.0, features[:, :3], features[:, 1:4]

    def shares(row: list[float]) -> list[float]:
        powers = [exp(x / temperature) for x in row]
        return [power / sum(powers) for power in powers]

    expected = 0.0
    for mine, theirs in zip(own.tolist(), taught.tolist(), strict=True):
        p, q = shares(mine), shares(theirs)
        expected += sum(a * log(a / b) + b * log(b / a) for a, b in zip(p, q, strict=True)) / 2
    loss = loss_by_name("distillation", **SHAPE, temperature=temperature)
    output = at(features, logits=(own,))._replace(taught=(taught,))
    assert loss(output, torch.tensor(LABELS)).item() == pytest.approx(16 * expected / 7, rel=1e-10)
    with pytest.raises(ReseenError, match="a teacher"):
        loss(at(features, logits=(own,)), torch.tensor(LABELS))


def test_the_loss_of_prototypes_is_the_sum_of_products_of_shares_by_hand() -> None:
    shares = torch.tensor([[0.5, 0.2], [0.5, 0.8]]).reshape(1, 2, 1, 2).repeat(3, 1, 1, 1)
    output = Output(torch.ones(3, 1), (), (), (), shares=shares)
    found = loss_by_name("prototypes", **SHAPE)(output, torch.zeros(3, dtype=torch.long))
    torch.testing.assert_close(found, torch.tensor(3 * (0.5 * 0.5 + 0.2 * 0.8)))
    with pytest.raises(ReseenError, match="a model whose head shares out positions"):
        loss_by_name("prototypes", **SHAPE)(output._replace(shares=None), torch.zeros(3, dtype=torch.long))
