"""Some entries of an Embedded, as one of their own."""

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.metrics import Embedded


def some_of(side: Embedded, chosen: NDArray[np.bool_ | np.int64]) -> Embedded:
    """The entries where ``chosen`` (N,) is True, or those it numbers, in its order, with all that is known of them."""
    columns = {field.name: getattr(side, field.name) for field in fields(side)}
    kept: dict[str, Any] = {name: None if column is None else column[chosen] for name, column in columns.items()}
    return Embedded(**kept)
