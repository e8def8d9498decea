"""Attributes that a network predicts of an image, each with its probability, and a record's fields made of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reseen.retrieval.record import FieldValue


class Prediction(NamedTuple):
    """An attribute's most likely class, and its ``probability`` in [0, 1] among the classes of the training set."""

    value: str
    probability: float


Predictions: TypeAlias = Mapping[str, Prediction]
"""Attribute -> what is predicted of one image."""

Predicted: TypeAlias = list[dict[str, Prediction]]
"""The predictions of each image."""


class DescribedImages(NamedTuple):
    """``vectors`` (B, D), and the predicted ``attributes`` of each of the B images."""

    vectors: NDArray[np.float32]
    attributes: Predicted


def predictions_of(classes: Mapping[str, Sequence[str]], probabilities: Sequence[NDArray[np.float32]]) -> Predicted:
    """(B, classes) of each attribute -> the predictions of each of B images.

    >>> predictions_of({"colour": ["blue", "red"]}, [np.array([[0.25, 0.75]], np.float32)])
    [{'colour': Prediction(value='red', probability=0.75)}]
    """
    columns = [
        [Prediction(names[best], float(row[best])) for row, best in zip(each, each.argmax(axis=1), strict=True)]
        for names, each in zip(classes.values(), probabilities, strict=True)
    ]
    return [dict(zip(classes, image, strict=True)) for image in zip(*columns, strict=True)]


def probability_field(attribute: str) -> str:
    """The name of the field that holds how probable a predicted attribute is."""
    return f"{attribute}_probability"


def with_predictions(fields: Mapping[str, FieldValue], predictions: Predictions) -> dict[str, FieldValue]:
    """A record's fields, and those that are predicted where it has none; what is given stays.

    >>> with_predictions({"colour": "red"}, {"colour": Prediction("blue", 0.5), "type": Prediction("van", 0.75)})
    {'colour': 'red', 'type': 'van', 'type_probability': 0.75}
    """
    merged = dict(fields)
    for name, (value, probability) in predictions.items():
        if merged.get(name) is None:
            merged |= {name: value, probability_field(name): round(probability, 4)}
    return merged
