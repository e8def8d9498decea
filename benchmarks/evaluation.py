"""What evaluation and re-ranking cost, beside the bare matrix product and the dense form.

    python benchmarks/evaluation.py [--rounds 5] [--threads 2] [--only market msmt rerank rerank-msmt]

Vectors are drawn at the sizes of the public sets: identities spread around the origin, their images around them
(``good``, as a trained model ranks), or no identity at all (``random``, the worst case for counting). Within a round
the pieces run in turn; ratios are taken round by round. Peak memory is that of a process of its own, above what it held
with the vectors made and the packages imported.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter, sleep
from typing import NamedTuple

WIDTH = 512


class Size(NamedTuple):
    """How many queries, gallery entries, identities and cameras a public test set has."""

    queries: int
    gallery: int
    identities: int
    cameras: int


MARKET = Size(3_368, 15_913, 750, 6)
MSMT17 = Size(11_659, 82_161, 3_060, 15)
VERI = Size(1_678, 11_579, 200, 20)


def drawn(size: Size, *, spread: float | None):
    """Query and gallery at this size; ``spread`` of an identity's images around it, None for no identity at all."""
    import numpy as np

    from reseen.metrics import Embedded

    rng = np.random.default_rng(0)
    centres = rng.standard_normal((size.identities, WIDTH), dtype=np.float32)
    sides = []
    for count in (size.queries, size.gallery):
        identities = rng.integers(size.identities, size=count)
        vectors = rng.standard_normal((count, WIDTH), dtype=np.float32)
        if spread is not None:
            vectors *= spread
            vectors += centres[identities]
        sides.append(Embedded(vectors, identities, cameras=rng.integers(size.cameras, size=count)))
    return sides


def market(options: argparse.Namespace) -> None:
    """Evaluation at Market-1501's size beside the product of the same vectors, with and without making room for it."""
    import numpy as np

    from reseen.metrics import evaluate

    good, random = drawn(MARKET, spread=2.0), drawn(MARKET, spread=None)
    scores = {name: evaluate(*sides).mean_average_precision for name, sides in (("good", good), ("random", random))}
    print(f"Market-1501's size, {described(MARKET)}; mAP {scores['good']:.3f} (good), {scores['random']:.3f} (random)")
    room = np.empty((MARKET.queries, MARKET.gallery), dtype=np.float32)
    pieces = {
        "product": lambda: good[0].vectors @ good[1].vectors.T,
        "product in place": lambda: np.matmul(good[0].vectors, good[1].vectors.T, out=room),
        "evaluate, good": lambda: evaluate(*good),
        "evaluate, random": lambda: evaluate(*random),
    }
    in_turn(pieces, options.rounds)


def msmt(options: argparse.Namespace) -> None:
    """Memory and time of evaluation at MSMT17's size."""
    print(f"MSMT17's size, {described(MSMT17)}: evaluation")
    peak_of("evaluate-msmt", options)


def rerank(options: argparse.Namespace) -> None:
    """Re-ranking at VeRi-776's size: sparse, dense, and the one product of all with all.

    numpy makes only half of that product, since it is symmetric.
    """
    import numpy as np

    from reranking_dense import dense_k_reciprocal
    from reseen.metrics import k_reciprocal

    query, gallery = (side.vectors for side in drawn(VERI, spread=2.5))
    both = np.concatenate([query, gallery])
    k_reciprocal(query[:99], gallery[:999])  # compiles
    print(f"VeRi-776's size, {described(VERI)}: k-reciprocal re-ranking")
    pieces = {
        "product, halved": lambda: both @ both.T,
        "k_reciprocal": lambda: k_reciprocal(query, gallery),
        "dense": lambda: dense_k_reciprocal(query, gallery),
    }
    in_turn(pieces, min(options.rounds, 3))
    ours, dense = k_reciprocal(query, gallery), dense_k_reciprocal(query, gallery)
    print(f"  largest difference of the two: {float(np.abs(ours - dense).max()):.1e}")
    del ours, dense
    for piece in ("k_reciprocal", "dense"):
        peak_of(piece, options)


def rerank_msmt(options: argparse.Namespace) -> None:
    """Re-ranking at MSMT17's size, streamed into evaluation."""
    print(f"MSMT17's size, {described(MSMT17)}: re-ranking streamed into evaluation")
    peak_of("rerank-msmt", options)


def in_turn(pieces: Mapping[str, Callable[[], object]], rounds: int) -> None:
    """Time the pieces in turn and print each beside the first."""
    times: dict[str, list[float]] = {name: [] for name in pieces}
    for _ in range(rounds):
        for name, piece in pieces.items():
            sleep(0.3)  # until the threads of the product before have gone to sleep
            began = perf_counter()
            piece()
            times[name].append(perf_counter() - began)
    first = times[next(iter(pieces))]
    for name, own in times.items():
        ratios = sorted(one / base for one, base in zip(own, first, strict=True))
        spread = f"{statistics.median(ratios):6.2f} x ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"  {name:18} {statistics.median(own):8.3f} s  {spread}")


def alone(piece: str) -> None:
    """One piece in this process; print seconds and the bytes above what was held before."""
    from reranking_dense import dense_k_reciprocal
    from reseen.metrics import KReciprocal, evaluate, k_reciprocal

    size = MSMT17 if piece.endswith("msmt") else VERI
    query, gallery = drawn(size, spread=2.5)
    work: Mapping[str, Callable[[], object]] = {
        "evaluate-msmt": lambda: evaluate(query, gallery),
        "rerank-msmt": lambda: evaluate(query, gallery, rerank=KReciprocal()),
        "k_reciprocal": lambda: k_reciprocal(query.vectors, gallery.vectors),
        "dense": lambda: dense_k_reciprocal(query.vectors, gallery.vectors),
    }
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the drawing
    before, began = held("VmRSS"), perf_counter()
    work[piece]()
    print(perf_counter() - began, held("VmHWM") - before, held("VmHWM"))


def peak_of(piece: str, options: argparse.Namespace) -> None:
    """The same in a process of its own, in words."""
    command = [sys.executable, __file__, "--threads", str(options.threads), "--alone", piece]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, above, total = map(float, done.stdout.split())
    print(
        f"  {piece:18} {seconds:8.1f} s (compiled code loaded), peak {above / 2**20:6.0f} MiB above the vectors, "
        f"{total / 2**20:6.0f} MiB in all"
    )


def held(field: str) -> int:
    """Bytes of this process's resident memory: now (VmRSS) or at most (VmHWM)."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) * 1024


def described(size: Size) -> str:
    """Its numbers in words."""
    return f"{size.queries:,} x {size.gallery:,} x {WIDTH}"


PARTS = {"market": market, "msmt": msmt, "rerank": rerank, "rerank-msmt": rerank_msmt}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(options.threads)  # read when numpy and numba are first imported, below
    if options.alone:
        alone(options.alone)
        return
    for part in options.only:
        PARTS[part](options)


if __name__ == "__main__":
    main()
