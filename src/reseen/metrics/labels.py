"""Identities, cameras and views as clean arrays: whole numbers or text, with one value that means unknown."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.arrays import as_array
from reseen.errors import ReseenError
from reseen.metrics.array_types import Bools, Int64
from reseen.types import UNKNOWN

Labels = NDArray[Any]
"""(N,) of int64 or of fixed-width text."""


def clean_labels(values: Sequence[object] | Labels, *, what: str, count: int, optional: bool) -> Labels:
    """N values -> read-only (N,) int64 or text; ``None`` is unknown if ``optional``, else a ReseenError."""
    array = as_array(values)
    if array.ndim != 1 or len(array) != count:
        shape = " x ".join(str(size) for size in array.shape) or "a single value"
        raise ReseenError(f"{what}: expected {count}, one per vector, got {shape}")
    if array.dtype.kind == "O":
        array = _without_none(array, what=what, optional=optional)
    if array.dtype.kind in "iu":
        array = array.astype(np.int64)
    elif array.dtype.kind in "UT":
        array = array.astype(np.str_)
    else:
        raise ReseenError(f"{what}: expected whole numbers or text, got {array.dtype}")
    array = array.view()
    array.flags.writeable = False
    return array


def _without_none(array: Labels, *, what: str, optional: bool) -> Labels:
    missing = np.array([value is None for value in array])
    if missing.any() and not optional:
        raise ReseenError(f"{what}: {missing.sum()} of {len(array)} are missing, first at row {missing.argmax()}")
    kinds = {type(value) for value in array[~missing]}
    if all(issubclass(kind, str) for kind in kinds):
        return np.array(["" if value is None else str(value) for value in array])
    if all(issubclass(kind, (int, np.integer)) and not issubclass(kind, bool) for kind in kinds):
        return np.array([UNKNOWN if value is None else int(value) for value in array])
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise ReseenError(f"{what}: expected whole numbers or text, got {names}")


def known(labels: Labels) -> Bools:
    """(N,) -> (N,) True where the value is known: neither ``""`` nor -1."""
    return np.asarray(labels != (UNKNOWN if labels.dtype.kind == "i" else ""), dtype=np.bool_)


class Codes(NamedTuple):
    """Numbers of query and gallery labels; equal numbers mean equal labels."""

    query: Int64
    gallery: Int64


def shared_codes(query: Labels, gallery: Labels, *, what: str) -> Codes:
    """(Q,), (G,) -> their numbers in one sorted list of both, -1 where unknown. ReseenError: mixed kinds."""
    if query.dtype.kind != gallery.dtype.kind:
        kinds = ["numbers" if labels.dtype.kind == "i" else "text" for labels in (query, gallery)]
        raise ReseenError(f"{what} of the query are {kinds[0]}, those of the gallery {kinds[1]}: give both alike")
    both = np.concatenate([query, gallery])
    codes = np.unique(both, return_inverse=True)[1].astype(np.int64)
    codes[~known(both)] = UNKNOWN
    return Codes(query=codes[: len(query)], gallery=codes[len(query) :])
