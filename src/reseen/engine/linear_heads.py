"""Linear layers fitted on vectors that were embedded once, without a step of training.

N = images, C = channels, K = classes.
"""

import warnings
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

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


def logistic_regression(vectors: Tensor, labels: Tensor, *, classes: int) -> Head:
    """Scikit-learn's logistic regression on standardised vectors, as a layer for the vectors as they are.

    Args:
        vectors: (N, C) of training images, of two classes or more.
        labels: (N,) their classes.
        classes: How many there are.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

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
