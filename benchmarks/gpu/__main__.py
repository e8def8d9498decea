"""Everything that needs a GPU, measured in one call within so many minutes; see `gpu.command`."""

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]

if __name__ == "__main__":  # loaders read images in processes of their own, which import this file
    # The sources beside this file are measured, whatever is installed: theirs is the commit that results name.
    sys.path[0:1] = [str(BENCHMARKS), str(BENCHMARKS.parent / "src")]
    from gpu.command import main

    sys.exit(main())
