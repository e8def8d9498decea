"""Attributes of identities as classes, beside sums by hand."""

from math import exp, log

import pytest
import torch

from reseen.data.attributes import attribute_classes, identity_attributes
from reseen.data.table import split_of
from reseen.losses.attributes import attributes
from reseen.types import UNKNOWN, Output


def at(features):
    return Output(embedding=features, pooled=(features,), necked=(features,), logits=())


def test_the_loss_is_the_mean_over_attributes_of_the_mean_over_known_images():
    classes = {"colour": [1, 0, UNKNOWN], "type": [0, 0, 0]}
    loss = attributes(identity_attributes=classes, width=2, columns=["colour", "type"]).double()
    colour = loss.loss.classifiers[0]
    features, labels = torch.randn(4, 2, dtype=torch.float64), torch.tensor([0, 1, 2, 0])
    logits = colour(features).tolist()
    own = [logits[0][1], logits[1][0], logits[3][1]]
    sums = [log(sum(exp(x) for x in logits[row])) for row in (0, 1, 3)]
    expected = sum(total - mine for total, mine in zip(sums, own, strict=True)) / 3
    assert loss(at(features), labels).item() == pytest.approx(expected / 2), "one type alone costs nothing"


def test_a_batch_of_unknown_attributes_costs_nothing_and_has_finite_gradients():
    loss = attributes(identity_attributes={"colour": [0, 1, UNKNOWN]}, width=2, columns=["colour"])
    features = torch.randn(3, 2, requires_grad=True)
    value = loss(at(features), torch.tensor([2, 2, 2]))
    value.backward()
    assert value.item() == 0
    assert features.grad.isfinite().all()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["color"], "no column 'color'; did you mean 'colour'|unknown column 'color'"),
        (["empty"], "empty is empty for every training identity"),
    ],
)
def test_a_column_that_says_nothing_is_refused(columns, message):
    with pytest.raises(ValueError, match=message):
        attributes(identity_attributes={"colour": [0], "empty": [UNKNOWN]}, width=2, columns=columns)


def test_a_table_without_attributes_is_refused_and_all_columns_are_taken_by_default():
    with pytest.raises(ValueError, match="expected a training table with columns"):
        attributes(identity_attributes={}, width=2)
    assert attributes(identity_attributes={"a": [0], "b": [0]}, width=2).loss.names == ("a", "b")


def test_an_identity_has_the_class_that_most_of_its_images_say():
    split = split_of(
        [f"{number}.jpg" for number in range(6)],
        ["b", "b", "b", "a", "a", "c"],
        extra={"colour": ["red", "blue", "blue", "white", "green", None], "track": ["1"] * 6},
    )
    assert identity_attributes(split) == {"colour": [1, 0, UNKNOWN]}, "blue 0, green 1"
    assert attribute_classes(split) == {"colour": ["blue", "green"]}, "white and red are no identity's"
