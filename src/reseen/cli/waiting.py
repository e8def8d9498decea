"""How long OpenMP's threads spin while they wait for each other: briefly, for a machine that others use too.

PyTorch's threads wait for each other hundreds of times in a step. By default each spins for milliseconds, which is the
processor's time of the thread it waits for as soon as another process runs: a step beside one busy process on two cores
then takes 3.2 times as long, and 1.9 times if they soon sleep, as against 1.5 for its share of the cores. Waking costs
1.13 times the step on a machine that is free; `GOMP_SPINCOUNT=100000` takes that back there
(`benchmarks/results/busy-machine-cpu.txt`).
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
