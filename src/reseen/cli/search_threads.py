"""How many threads compare for a search in a gallery: on a machine of few cores one for each, where Lance takes one.

Lance leaves two cores to reading. A search reads from memory mostly, so that on two cores one of them would do nothing.
"""

import os

LANCE_THREADS = "LANCE_CPU_THREADS"
"""Lance's setting; it is read at the first search."""

FEW_CORES = 4
"""With more cores Lance takes three or more by itself. Measured on two."""


def compare_on_all_of_few_cores() -> None:
    """Ask for it, unless the user has said otherwise."""
    cores = os.cpu_count() or 1
    if cores <= FEW_CORES:
        os.environ.setdefault(LANCE_THREADS, str(cores))
