"""Fitted heads against scikit-learn and a naive loop, and the weights and images that candidates are made of."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from reseen.engine.averages import averaged
from reseen.engine.linear_heads import INVERSE_PENALTY, logistic_regression
from reseen.tasks.classify.choose.candidates import sampled_rows
from reseen.tasks.classify.choose.heads import class_means, fitted


def clouds(classes: int, *, each: int = 12, channels: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Vectors around a point a class, of which some lie nearer to another's."""
    labels = torch.arange(classes).repeat(each)
    return torch.randn(classes, channels)[labels] + torch.randn(len(labels), channels) + 0.5, labels


def test_class_means_answer_the_class_of_the_most_similar_mean_direction():
    vectors, labels = clouds(4)
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    means = [unit[labels == number].mean(dim=0) for number in range(4)]
    naive = [max(range(4), key=lambda k: float(torch.cosine_similarity(vector, means[k], dim=0))) for vector in vectors]
    head = class_means(vectors, labels, classes=4)
    assert head.answers(vectors).tolist() == naive
    assert head.answers(7 * vectors).tolist() == naive, "the length of a vector does not matter"


@pytest.mark.parametrize("classes", [2, 4])
def test_a_logistic_regression_is_scikit_learns_as_one_layer(classes):
    vectors, labels = clouds(classes)
    scaled = (vectors - vectors.mean(dim=0)) / vectors.std(dim=0, correction=0)
    theirs = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000).fit(scaled.numpy(), labels.numpy())
    head = logistic_regression(vectors, labels, classes=classes)
    ours = (vectors @ head.weight.T + head.bias).softmax(dim=1)
    np.testing.assert_allclose(ours.numpy(), theirs.predict_proba(scaled.numpy()), atol=1e-3)


def test_a_class_without_training_images_is_never_the_answer():
    vectors, labels = clouds(3)
    some = labels != 1
    for head in fitted(vectors[some], labels[some], classes=3).values():
        assert head.weight.shape == (3, 6)
        assert set(head.answers(torch.randn(200, 6))) == {0, 2}


def test_one_class_alone_fits_no_regression():
    vectors, labels = clouds(1)
    assert list(fitted(vectors, labels, classes=2)) == ["class means"]


def test_averaged_weights_lie_between_and_counters_are_the_trained_ones():
    before = {"weight": torch.tensor([0.0, 4.0]), "count": torch.tensor(0)}
    after = {"weight": torch.tensor([8.0, 0.0]), "count": torch.tensor(5)}
    half = averaged(before, after, share=0.25)
    assert half["weight"].tolist() == [2.0, 3.0]
    assert half["count"] == 5
    assert averaged(before, after, share=0.0)["count"] == 0
    assert before["weight"].tolist() == [0.0, 4.0]


def test_heads_are_fitted_on_an_equal_share_of_each_class():
    labels = np.repeat([0, 1, 2], [100, 20, 1])
    assert np.bincount(labels[sampled_rows(labels, most=60)]).tolist() == [50, 10, 1]
    assert sampled_rows(labels, most=500).all()
