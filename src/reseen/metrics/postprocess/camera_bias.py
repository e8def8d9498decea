"""Camera bias: the mean vector of a camera's images, subtracted from each of them."""

from dataclasses import replace

import numpy as np

from reseen.errors import ReseenError
from reseen.metrics.embedded import Embedded
from reseen.metrics.labels import Labels, shared_codes
from reseen.metrics.unit_vectors import checked_unit_vectors
from reseen.types import UNKNOWN


def without_camera_bias(embedded: Embedded, *, reference: Embedded | None = None, shrinkage: float = 10.0) -> Embedded:
    """Subtract from each vector, brought to length 1, the mean vector of its camera.

    An image whose camera is unknown, or not in the reference, loses the mean over all cameras.

    Args:
        embedded: The images; they need cameras.
        reference: The images over which means are taken; None: ``embedded`` itself. For queries give the gallery, so
            that both lose the same means.
        shrinkage: Images of the mean over all cameras that are added to each camera's mean, so that a camera of few
            images does not lose its identities.

    Returns:
        The same images with other vectors.

    Raises:
        ReseenError: No cameras, widths that differ, or an image whose vector becomes zero.
        ValueError: Negative ``shrinkage``.

    Example:
        >>> images = Embedded([[1.0, 0.0], [0.0, 1.0]], ["ann", "bob"], cameras=[1, 1])
        >>> without_camera_bias(images).vectors.tolist()
        [[0.5, -0.5], [-0.5, 0.5]]
    """
    if shrinkage < 0:
        raise ValueError(f"shrinkage: expected at least 0 images, got {shrinkage}")
    reference = embedded if reference is None else reference
    if embedded.width != reference.width:
        raise ReseenError(f"vectors have {embedded.width} numbers, those of the reference {reference.width}")
    codes = shared_codes(_cameras(embedded), _cameras(reference), what="cameras")
    units, images = (
        checked_unit_vectors(embedded.vectors, name="given"),
        checked_unit_vectors(reference.vectors, name="reference"),
    )
    overall = images.mean(axis=0, dtype=np.float64)
    vectors = (units - overall).astype(np.float32)
    for camera in np.intersect1d(codes.query, codes.gallery[codes.gallery != UNKNOWN]):
        rows, of_camera = codes.query == camera, images[codes.gallery == camera]
        mean = (of_camera.sum(axis=0, dtype=np.float64) + shrinkage * overall) / (len(of_camera) + shrinkage)
        vectors[rows] = units[rows] - mean
    return replace(embedded, vectors=vectors)


def _cameras(embedded: Embedded) -> Labels:
    if embedded.cameras is None:
        raise ReseenError("camera bias: expected a camera for each image, got none; leave the correction out")
    return embedded.cameras
