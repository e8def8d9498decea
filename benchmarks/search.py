"""Search in a gallery: batches beside a bare FAISS flat index in turn, single filtered queries against exact ranks.

    python benchmarks/search.py [--records 100000] [--width 512] [--queries 1000] [--rounds 5] [--threads 2]

Vectors are drawn: individuals in random directions, ten sightings around each, so that neighbours exist. Prints the
seconds to add, to index and to forget, both searches' seconds with the median of their ratios, and for single queries
filtered by camera and time the latency and the recall at 10.
"""

import argparse
import statistics
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import faiss
import numpy as np
import torch
from numpy.typing import NDArray

from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel

Vectors = NDArray[np.float32]

CAMERAS, SIGHTINGS, TOP = 20, 10, 10
START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Measure and print."""
    options = arguments()
    torch.set_num_threads(options.threads)
    faiss.omp_set_num_threads(options.threads)
    draw = np.random.default_rng(0)
    records = sightings(options.records, width=options.width, draw=draw)
    rows = draw.integers(0, options.records, options.queries)
    queries = unit(records[rows] + draw.normal(0, 0.5 / options.width**0.5, (options.queries, options.width)))
    with tempfile.TemporaryDirectory() as folder:
        gallery = filled(Path(folder) / "gallery", records)
        began = perf_counter()
        gallery.compact()
        print(f"compact and index   {perf_counter() - began:7.1f} s, {gallery.info().indexed:,} records indexed")
        compare_batches(gallery, records, queries=queries, rounds=options.rounds)
        filtered_singles(gallery, records, queries=queries[: options.singles])
        began = perf_counter()
        count = gallery.forget(identity="0")
        print(
            f"forget              {perf_counter() - began:7.1f} s, {count} records, everything written anew and indexed"
        )


def filled(uri: Path, records: Vectors) -> Gallery:
    """A gallery of the vectors, camera and minute of each from its row."""
    gallery = Gallery(uri, model=GalleryModel("drawn", records.shape[1]), create=True)
    began = perf_counter()
    gallery.add(
        (
            Record(
                vector=vector,
                reference=str(row),
                identity=str(row // SIGHTINGS),
                camera=f"camera {row % CAMERAS}",
                time=START + timedelta(minutes=row),
            )
            for row, vector in enumerate(records)
        ),
        batch=8192,
    )
    print(f"add                 {len(records) / (perf_counter() - began):7.0f} records/s")
    return gallery


def compare_batches(gallery: Gallery, records: Vectors, *, queries: Vectors, rounds: int) -> None:
    """All queries at once, ours and FAISS in turn."""
    index = faiss.IndexFlatIP(records.shape[1])
    index.add(records)
    gallery.search(queries[:100], k=TOP)
    ours, bare = [], []
    for _ in range(rounds):
        began = perf_counter()
        found = gallery.search(queries, k=TOP)
        ours.append(perf_counter() - began)
        began = perf_counter()
        _, expected = index.search(queries, TOP)
        bare.append(perf_counter() - began)
    same = recall([[int(match.picture or -1) for match in matches] for matches in found], expected.tolist())
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    print(
        f"batch of {len(queries):,}      {statistics.median(ours):7.2f} s, FAISS flat {statistics.median(bare):.2f} s"
    )
    print(f"ours / FAISS        {ratio:7.2f} (median of {rounds} rounds), same matches {same:.4f}")


def filtered_singles(gallery: Gallery, records: Vectors, *, queries: Vectors) -> None:
    """One query at a time among three cameras and half the time."""
    middle = len(records) // 2
    cameras = [1, 2, 3]
    rows = np.arange(middle)[np.isin(np.arange(middle) % CAMERAS, cameras)]
    names, end = [f"camera {camera}" for camera in cameras], START + timedelta(minutes=middle)
    seconds, found = [], []
    for query in queries:
        began = perf_counter()
        matches = gallery.search(query, k=TOP, cameras=names, before=end)[0]
        seconds.append(perf_counter() - began)
        found.append([int(match.picture or -1) for match in matches])
    exact = rows[np.argsort(-(queries @ records[rows].T), axis=1, kind="stable")[:, :TOP]]
    middling, slow = np.percentile(np.array(seconds[len(seconds) // 10 :]) * 1000, [50, 95])
    right = recall(found, exact.tolist())
    print(f"filtered single     {middling:7.1f} ms median, {slow:.1f} ms p95, recall at {TOP} {right:.4f}")


def recall(found: list[list[int]], expected: list[list[int]]) -> float:
    """The share of what should have been found."""
    return statistics.mean(len({*one} & {*other}) / len(other) for one, other in zip(found, expected, strict=True))


def sightings(count: int, *, width: int, draw: np.random.Generator) -> Vectors:
    """(count, width) unit vectors, SIGHTINGS around each individual's own direction."""
    own = draw.normal(size=(-(-count // SIGHTINGS), width)).astype(np.float32)
    around = np.repeat(own, SIGHTINGS, axis=0)[:count]
    return unit(around + 0.8 * draw.normal(size=around.shape).astype(np.float32))


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Each of length 1."""
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--singles", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
