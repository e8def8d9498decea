"""Time and memory of a look at a gallery for proposals: `python benchmarks/discover_scale.py --records 100000`.

Vectors are drawn: individuals of 1 to 9 records, half of them with names, a twentieth of the names wrong.
"""

import argparse
import resource
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

import numpy as np

from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel


def main() -> None:
    """One look at a drawn gallery."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--records", type=int, default=20_000)
    asked.add_argument("--width", type=int, default=512)
    asked.add_argument("--named", type=float, default=0.5, help="the share of individuals that have names")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        gallery = filled(Path(folder), options.records, width=options.width, named=options.named)
        before, begun = peak(), perf_counter()
        found = gallery.discover()
        seconds, after = perf_counter() - begun, peak()
    print(f"{found.records:,} records of {options.width} numbers, {found.unnamed:,} without identity")
    print(f"{seconds:.1f} s; peak memory {after:.2f} GB ({before:.2f} GB before)")
    print(f"{len(found.proposals):,} proposals: {dict(Counter(proposal.kind for proposal in found.proposals))}")
    print(found.judged_by)


def filled(folder: Path, records: int, *, width: int, named: float) -> Gallery:
    """A gallery of drawn vectors."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(records), rng.integers(1, 10, records))[:records]
    centres = rng.normal(size=(who[-1] + 1, width)).astype(np.float32)
    name = np.where(rng.random(len(who)) < 0.05, rng.integers(0, who[-1] + 1, len(who)), who)
    has_name = rng.random(who[-1] + 1) < named
    gallery = Gallery(folder, model=GalleryModel("drawn", width), create=True, upkeep=False)
    gallery.add(
        (
            Record(
                vector=centres[one] + rng.normal(size=width).astype(np.float32) * 0.8,
                reference=str(row),
                identity=f"id {name[row]}" if has_name[one] else None,
                camera=f"c{row % 20}",
            )
            for row, one in enumerate(who.tolist())
        ),
        batch=4096,
    )
    return gallery


def peak() -> float:
    """The most memory so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
