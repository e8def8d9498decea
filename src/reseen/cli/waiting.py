"""How long OpenMP's threads spin while they wait for each other: briefly, for a machine that others use too.

PyTorch's threads wait for each other hundreds of times in a step. By default each spins for milliseconds, which is the
processor's time of the thread it waits for as soon as another process runs: a training beside one busy process then
takes seven times as long, and 1.4 times as long if they soon sleep (`benchmarks/busy_machine.py`).
"""

import os
from collections.abc import Mapping
from types import MappingProxyType

SPINS: Mapping[str, str] = MappingProxyType({"GOMP_SPINCOUNT": "1000"})
"""GNU OpenMP's setting, which PyTorch's wheels for Linux use; it is read when the library is loaded."""
_TAKEN_CARE_OF = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


def spin_briefly() -> None:
    """Ask for it, unless the user has said otherwise. Call it before PyTorch is imported; workers inherit it."""
    if not any(name in os.environ for name in _TAKEN_CARE_OF):
        os.environ.update(SPINS)
