"""Linear layers fitted on the vectors of training images, as a network's own head would be trained.

N = images, C = channels, K = classes.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn.functional import normalize

from reseen.engine.linear_heads import NEVER, Head, logistic_regression
from reseen.tasks.classify.choose.candidates import HeadName


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
