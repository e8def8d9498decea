"""Whether worker processes can be started from the program that runs."""

import logging
import sys
from pathlib import Path


def usable_workers(workers: int) -> int:
    """The same number, or 0 with a warning where the program came from standard input.

    A fresh process imports the program's file again, and a program typed or piped in has none.
    """
    file = getattr(sys.modules["__main__"], "__file__", None)
    if workers and file is not None and not Path(file).exists():
        logging.getLogger("reseen").warning(
            "the program was read from %s, so images are made in this process, not in %d workers; "
            "put it in a file for speed",
            Path(file).name,
            workers,
        )
        return 0
    return workers
