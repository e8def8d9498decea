"""Ragged lists as flat arrays: where each begins, and all their elements one after the other."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.array_types import Indices


def offsets(lengths: Indices) -> Indices:
    """(n,) -> (n + 1,) where each list begins, and where the last one ends.

    >>> offsets(np.array([2, 0, 3])).tolist()
    [0, 2, 2, 5]
    """
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])


def owners(lengths: Indices) -> Indices:
    """(n,) -> (sum,) the list that each element belongs to.

    >>> owners(np.array([2, 0, 3])).tolist()
    [0, 0, 2, 2, 2]
    """
    return np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)


def ranges(begin: Indices, lengths: Indices) -> Indices:
    """(n,), (n,) -> (sum,) the numbers begin, begin + 1, ... of each list.

    >>> ranges(np.array([7, 0, 4]), np.array([2, 0, 3])).tolist()
    [7, 8, 4, 5, 6]
    """
    return np.arange(lengths.sum(), dtype=np.int64) + np.repeat(begin - offsets(lengths)[:-1], lengths)


def cut(weights: Indices, *, limit: int) -> list[slice]:
    """(n,) -> slices of n in order, each lighter than ``limit`` and its last element together.

    >>> cut(np.array([4, 4, 4, 9, 1]), limit=8)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    number = (np.cumsum(weights) - weights) // limit
    ends = offsets(np.unique(number, return_counts=True)[1])
    return [slice(begin, end) for begin, end in pairwise(ends.tolist())]


def take_rows(array: NDArray[Any], rows: Indices) -> NDArray[Any]:
    """The rows of an array; a copy only where they are not all of them, in order."""
    return array if len(rows) == len(array) and bool((np.diff(rows) == 1).all()) else array[rows]
