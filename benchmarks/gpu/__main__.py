"""Everything that needs a GPU, measured in one call within so many minutes; see `gpu.command`."""

import sys
from importlib.util import find_spec
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]

if __name__ == "__main__":  # loaders read pictures in processes of their own, which import this file
    sys.path[0] = str(BENCHMARKS)
    if find_spec("reseen") is None:  # a machine where nothing was installed
        sys.path.insert(1, str(BENCHMARKS.parent / "src"))
    from gpu.command import main

    sys.exit(main())
