"""Names for the arrays that metrics are made of, by kind of number."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

Indices = Int64
"""Rows of an array, or places in one."""

Vectors = NDArray[Any]
"""(N, D) of float32 or float64."""

UnitVectors = Float32
"""(N, D) of length 1."""
