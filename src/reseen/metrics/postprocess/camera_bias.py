"""Camera bias: what all pictures of a camera have in common, taken out of their vectors."""

from dataclasses import replace

import numpy as np

from reseen.errors import ReseenError
from reseen.metrics.embedded import Embedded
from reseen.metrics.labels import Labels, shared_codes
from reseen.metrics.postprocess.units import unit_rows
from reseen.types import UNKNOWN


def without_camera_bias(embedded: Embedded, *, reference: Embedded | None = None, shrinkage: float = 10.0) -> Embedded:
    """The same pictures, their vectors brought to length 1 and less the mean of their camera in ``reference``.

    The reference is the set itself unless given: for queries, give the gallery, so that both sides lose the
    same mean. A camera's mean counts ``shrinkage`` pictures of the mean over all, so that a camera of few
    pictures does not lose its identities; a picture whose camera is unknown, or not in the reference, loses
    the mean over all. ReseenError: no cameras, widths that differ, a picture that nothing is left of.
    """
    if shrinkage < 0:
        raise ValueError(f"shrinkage: expected at least 0 pictures, got {shrinkage}")
    reference = embedded if reference is None else reference
    if embedded.width != reference.width:
        raise ReseenError(f"vectors have {embedded.width} numbers, those of the reference {reference.width}")
    codes = shared_codes(_cameras(embedded), _cameras(reference), what="cameras")
    units, pictures = unit_rows(embedded.vectors, side="given"), unit_rows(reference.vectors, side="reference")
    overall = pictures.mean(axis=0, dtype=np.float64)
    vectors = (units - overall).astype(np.float32)
    for camera in np.intersect1d(codes.query, codes.gallery[codes.gallery != UNKNOWN]):
        own, seen = codes.query == camera, pictures[codes.gallery == camera]
        mean = (seen.sum(axis=0, dtype=np.float64) + shrinkage * overall) / (len(seen) + shrinkage)
        vectors[own] = units[own] - mean
    return replace(embedded, vectors=vectors)


def _cameras(embedded: Embedded) -> Labels:
    if embedded.cameras is None:
        raise ReseenError("camera bias: expected a camera for each picture, got none; leave the correction out")
    return embedded.cameras
