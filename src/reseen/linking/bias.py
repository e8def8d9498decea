"""Vectors of sightings without what their camera adds to all of them."""

from typing import Literal, TypeAlias, get_args

import numpy as np

from reseen.errors import ReseenError, unknown
from reseen.linking.sightings import Sightings
from reseen.metrics.array_types import Float32
from reseen.metrics.embedded import Embedded
from reseen.metrics.postprocess.camera_bias import without_camera_bias
from reseen.metrics.unit_vectors import unit_vectors

Bias: TypeAlias = Literal["mean", "none"]
BIASES = get_args(Bias)

_SHRINKAGE = 3.0
"""Tracks of the mean over all cameras that are added to each camera's: a track is a mean of images itself."""


def corrected(sightings: Sightings, bias: Bias) -> Float32:
    """(K, D) of length 1; "mean": each camera's mean vector is subtracted.

    A vector that becomes zero, as of a camera's only track without shrinkage, stays as it was.
    """
    if bias not in BIASES:
        raise ReseenError(unknown("bias", bias, BIASES))
    if bias == "none" or not len(sightings):
        return sightings.vectors
    images = Embedded(sightings.vectors, np.arange(len(sightings)), cameras=sightings.cameras)
    try:
        return unit_vectors(without_camera_bias(images, shrinkage=_SHRINKAGE).vectors)
    except ReseenError:  # tracks that are all alike have no direction left
        return sightings.vectors
