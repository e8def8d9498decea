"""Linear layers fitted on the vectors of training images, as a network's own head would be trained.

N = images, C = channels, K = classes.
"""

import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from torch import Tensor
from torch.nn.functional import normalize

from reseen.tasks.classify.choose.candidates import HeadName

NEVER = -1e30
"""The bias of a class without a training image, so that it is never the answer."""
INVERSE_PENALTY = 0.01
"""Of the logistic regression on standardised vectors, which are often more numbers than there are images."""
_ITERATIONS = 300


class Head(NamedTuple):
    """A linear layer: ``weight`` (K, C) and ``bias`` (K,)."""

    weight: Tensor
    bias: Tensor

    def answers(self, vectors: Tensor) -> NDArray[np.int64]:
        """(N, C) -> (N,) the classes of the largest outputs."""
        return np.asarray((vectors @ self.weight.T + self.bias).argmax(dim=1).numpy(), dtype=np.int64)


def class_means(vectors: Tensor, labels: Tensor, *, classes: int) -> Head:
    """The nearest class mean by the cosine: outputs are cosines times the vector's length.

    Args:
        vectors: (N, C) of training images.
        labels: (N,) their classes.
        classes: How many there are.
    """
    sums = torch.zeros(classes, vectors.shape[1]).index_add_(0, labels, normalize(vectors, dim=1))
    seen = torch.bincount(labels, minlength=classes) > 0
    return Head(normalize(sums, dim=1), torch.zeros(classes).masked_fill(~seen, NEVER))


def logistic_regression(vectors: Tensor, labels: Tensor, *, classes: int) -> Head:
    """Scikit-learn's logistic regression on standardised vectors, as a layer for the vectors as they are.

    Args:
        vectors: (N, C) of training images, of two classes or more.
        labels: (N,) their classes.
        classes: How many there are.
    """
    mean, spread = vectors.mean(dim=0), vectors.std(dim=0, correction=0).clamp_min(1e-6)
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # nearly there is as good: the held-out images decide
        model.fit(((vectors - mean) / spread).numpy(), labels.numpy())
    rows, offsets = torch.from_numpy(model.coef_).float(), torch.from_numpy(model.intercept_).float()
    if len(rows) == 1:  # of two classes, scikit-learn gives the second's against the first's
        rows, offsets = torch.cat([-rows / 2, rows / 2]), torch.cat([-offsets / 2, offsets / 2])
    rows = rows / spread
    weight, bias = torch.zeros(classes, vectors.shape[1]), torch.full((classes,), NEVER)
    seen = torch.from_numpy(model.classes_)
    weight[seen], bias[seen] = rows, offsets - rows @ mean
    return Head(weight, bias)


HEADS: Mapping[HeadName, Callable[..., Head]] = MappingProxyType(
    {"class means": class_means, "logistic regression": logistic_regression}
)
"""Head by name: vectors (N, C), labels (N,), ``classes`` -> the layer."""


def fitted(vectors: Tensor, labels: Tensor, *, classes: int) -> dict[HeadName, Head]:
    """Each head that these training images can fit; one class alone fits no regression."""
    several = len(torch.unique(labels)) > 1
    return {
        name: fit(vectors, labels, classes=classes)
        for name, fit in HEADS.items()
        if several or name != "logistic regression"
    }
