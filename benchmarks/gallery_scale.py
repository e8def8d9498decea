"""A large gallery: vectors made in a stream, the index built and searched, records forgotten; FAISS beside it if there.

    python benchmarks/gallery_scale.py [--records 1000000] [--dim 512] [--dtype float32] [--queries 300] [--threads 2]
        [--noise 0.7] [--gallery PATH] [--bulk] [--without-faiss]

Individuals lie in a space of fewer dimensions, twenty sightings of each in the order of time, with noise in that space
and outside of it. Prints the rates of adding and building, the latency of single queries, plain and filtered by three
of twenty cameras and half the time, with their recall at 10 against a comparison with every record, the time to forget,
and the peak of memory. ``--dtype float16``: the vectors that FAISS gets; the gallery's are float32. ``--index-from``:
the number of records from which the gallery's index is approximate. ``--gallery``: a gallery that is kept, and made
only if it is not there, so that a long run can be done in parts; nothing of it is forgotten. ``--bulk``: its
rows are written to the table as arrays, without what `add` does for each record.
"""

import argparse
import resource
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reseen.retrieval import indexes
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel

Vectors = NDArray[np.float32]

CAMERAS, SIGHTINGS, TOP, INNER = 20, 20, 10, 96
START = datetime(2026, 1, 1, tzinfo=UTC)
BLOCK = 16_384


class Stream:
    """Vectors that are made again whenever they are asked for, so that none need be kept."""

    def __init__(self, records: int, dim: int, *, noise: float = 0.7) -> None:
        draw = np.random.default_rng(0)
        self._noise = noise
        self.records, self.individuals = records, max(1, records // SIGHTINGS)
        self._own = draw.normal(size=(self.individuals, INNER)).astype(np.float32)
        self._outward = draw.normal(size=(INNER, dim)).astype(np.float32) / INNER**0.5

    def blocks(self) -> Iterator[Vectors]:
        """All vectors in order, BLOCK at a time."""
        for first in range(0, self.records, BLOCK):
            rows = np.arange(first, min(first + BLOCK, self.records)) % self.individuals
            yield self.sightings(rows, seed=first + 1)

    def sightings(self, individuals: NDArray[np.int64], *, seed: int) -> Vectors:
        """A new unit vector of each of these individuals."""
        draw = np.random.default_rng(seed)
        inner = self._own[individuals] + self._noise * draw.standard_normal((len(individuals), INNER), dtype=np.float32)
        outer = inner @ self._outward
        outer += 0.25 * draw.standard_normal(outer.shape, dtype=np.float32)
        return outer / np.linalg.norm(outer, axis=1, keepdims=True)

    def queries(self, count: int) -> Vectors:
        """New sightings of some individuals."""
        return self.sightings(np.random.default_rng(7).integers(0, self.individuals, count), seed=10**9)


def main() -> None:
    """Measure and print."""
    options = arguments()
    indexes.APPROXIMATE_PAYS = options.index_from
    stream = Stream(options.records, options.dim, noise=options.noise)
    queries = stream.queries(options.queries)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        uri = options.gallery or Path(folder) / "gallery"
        fill = filled_in_bulk if options.bulk else filled
        gallery = Gallery(uri, upkeep=False) if uri.exists() else fill(uri, stream, dim=options.dim)
        if len(gallery) != options.records:
            raise SystemExit(f"{uri}: expected {options.records:,} records, got {len(gallery):,}; remove it")
        timed("compact and index", gallery.compact)
        told(gallery)
        singles("plain", gallery, queries)
        middle = START + timedelta(minutes=options.records // 2)
        cameras = [f"camera {number}" for number in (1, 2, 3)]
        singles("filtered", gallery, queries, cameras=cameras, before=middle)
        singles("three cameras", gallery, queries, cameras=cameras)
        singles("a hundredth of the time", gallery, queries, before=START + timedelta(minutes=options.records // 100))
        if options.gallery is None:
            forgetting(gallery, options.records)
            singles("plain, after forgetting", gallery, queries[: options.queries // 3])
        memory()
        del gallery
    if not options.without_faiss:
        beside_faiss(stream, queries, options)


def filled(uri: Path, stream: Stream, *, dim: int) -> Gallery:
    """A gallery of the vectors, camera and minute of each from its row."""
    gallery = Gallery(uri, model=GalleryModel("drawn", dim), create=True, upkeep=False)
    rows = (
        Record(
            vector=vector,
            reference=str(number * BLOCK + row),
            identity=str((number * BLOCK + row) % stream.individuals),
            camera=f"camera {(number * BLOCK + row) % CAMERAS}",
            time=START + timedelta(minutes=number * BLOCK + row),
        )
        for number, block in enumerate(stream.blocks())
        for row, vector in enumerate(block)
    )
    began = perf_counter()
    gallery.add(rows, batch=BLOCK)
    print(f"add                      {stream.records / (perf_counter() - began):8.0f} records/s", flush=True)
    return gallery


def filled_in_bulk(uri: Path, stream: Stream, *, dim: int) -> Gallery:
    """The same records by other ids, without references."""
    gallery = Gallery(uri, model=GalleryModel("drawn", dim), create=True, upkeep=False)
    table = lancedb.connect(uri).open_table("records")
    draw = np.random.default_rng(1)
    began = perf_counter()
    for number, block in enumerate(stream.blocks()):
        rows = np.arange(number * BLOCK, number * BLOCK + len(block))
        times = int(START.timestamp() * 1e6) + rows * 60_000_000
        columns = {
            "id": [draw.bytes(16).hex() for _ in rows],
            "vector": pa.FixedSizeListArray.from_arrays(block.ravel(), dim),
            "identity": [str(row) for row in (rows % stream.individuals).tolist()],
            "camera": [f"camera {row}" for row in (rows % CAMERAS).tolist()],
            "time": pa.array(times).cast(pa.timestamp("us", "UTC")),
            "model": ["drawn"] * len(rows),
        }
        absent = {field.name: pa.nulls(len(rows), field.type) for field in table.schema if field.name not in columns}
        arrays = {**columns, **absent}
        table.add(pa.table([arrays[field.name] for field in table.schema], schema=table.schema))
    print(f"written in bulk          {stream.records / (perf_counter() - began):8.0f} records/s", flush=True)
    return gallery


def told(gallery: Gallery) -> None:
    """What the gallery says of its index."""
    info = gallery.info()
    sizes = f"{info.index_bytes / 1e6:,.1f} of {info.bytes / 1e6:,.1f} MB"
    print(f"index                    {info.index_kind or 'none'}, {sizes}")
    print(f"recall as measured       {info.recall:8.4f}, with a filter {info.filtered_recall:.4f}")


def singles(what: str, gallery: Gallery, queries: Vectors, **filters: Any) -> None:
    """One query at a time through the index, and all of them in one comparison with every record."""
    seconds, found = [], []
    for query in queries:
        began = perf_counter()
        found.append({match.id for match in gallery.search(query, k=TOP, **filters)[0]})
        seconds.append(perf_counter() - began)
    exact = gallery.search(queries, k=TOP, exact=True, **filters)
    right = np.mean([len(one & {match.id for match in other}) / TOP for one, other in zip(found, exact, strict=True)])
    latencies(what, seconds, recall=float(right))


def latencies(what: str, seconds: list[float], *, recall: float) -> None:
    """The median and the 95th percentile, without the first tenth."""
    middling, slow = np.percentile(np.array(seconds[len(seconds) // 10 :]) * 1000, [50, 95])
    print(f"{what:24s} {middling:8.1f} ms median, {slow:.1f} ms p95, recall at {TOP} {recall:.4f}", flush=True)


def forgetting(gallery: Gallery, records: int) -> None:
    """A hundred records in a row, and a hundred anywhere."""
    vectors = np.eye(2, gallery.model.width, dtype=np.float32)
    names = [match.id for matches in gallery.search(vectors, k=100) for match in matches]
    timed("forget 100 anywhere", lambda: gallery.forget(ids=names[:100]))
    first = START + timedelta(minutes=100)
    timed("forget 100 in a row", lambda: gallery.forget(before=first))
    print(f"records left             {len(gallery):8,} of {records:,}; {gallery.note or 'the index is there'}")


def timed(what: str, work: Callable[[], object]) -> None:
    """Call and print the time."""
    began = perf_counter()
    work()
    print(f"{what:24s} {perf_counter() - began:8.2f} s", flush=True)


def memory() -> None:
    """The most memory that this process has had."""
    print(f"peak of memory           {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:8.2f} GB", flush=True)


def beside_faiss(stream: Stream, queries: Vectors, options: argparse.Namespace) -> None:
    """IVF-PQ with candidates compared again, and HNSW, both in memory, with the effort that reaches a recall of .98."""
    try:
        import faiss
    except ImportError:
        print("faiss is not installed: nothing beside it")
        return
    faiss.omp_set_num_threads(options.threads)
    kept = np.concatenate([block.astype(options.dtype) for block in stream.blocks()])
    exact = faiss.knn(queries, kept.astype(np.float32), TOP, metric=faiss.METRIC_INNER_PRODUCT)[1]
    parts = max(16, options.records // 4096)
    for name, kind, knob in (
        ("FAISS IVF-PQ", f"IVF{parts},PQ64,RFlat", "quantizer"),
        ("FAISS HNSW", "HNSW32", "graph"),
    ):
        index = faiss.index_factory(options.dim, kind, faiss.METRIC_INNER_PRODUCT)
        began = perf_counter()
        index.train(kept[: 256 * parts].astype(np.float32))
        for first in range(0, len(kept), BLOCK):
            index.add(kept[first : first + BLOCK].astype(np.float32))
        print(f"{name + ' built':24s} {perf_counter() - began:8.2f} s", flush=True)
        search_faiss(name, index, knob, queries=queries, exact=exact)
    memory()


def search_faiss(name: str, index: Any, knob: str, *, queries: Vectors, exact: NDArray[np.int64]) -> None:
    """Single queries with the smallest effort that reaches a recall of .98."""
    import faiss

    for effort in (8, 16, 32, 64, 128, 256, 512):
        if knob == "graph":
            index.hnsw.efSearch = effort
        else:
            index.k_factor = 20
            faiss.extract_index_ivf(index.base_index).nprobe = effort
        seconds, right = [], []
        for query, truth in zip(queries, exact, strict=True):
            began = perf_counter()
            found = index.search(query[None], TOP)[1][0]
            seconds.append(perf_counter() - began)
            right.append(len({*found.tolist()} & {*truth.tolist()}) / TOP)
        if np.mean(right) >= 0.98:
            break
    latencies(f"{name} at {effort}", seconds, recall=float(np.mean(right)))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--dtype", choices=("float32", "float16"), default="float32")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--noise", type=float, default=0.7, help="Of sightings about their individual's vector.")
    parser.add_argument("--index-from", type=int, default=indexes.APPROXIMATE_PAYS)
    parser.add_argument("--folder", type=Path, help="Where to make the gallery; the system's folder by default.")
    parser.add_argument("--gallery", type=Path, help="A gallery to keep, and to go on with.")
    parser.add_argument("--bulk", action="store_true", help="Write the rows as arrays.")
    parser.add_argument("--without-faiss", action="store_true", help="FAISS holds all vectors in memory.")
    return parser.parse_args()


if __name__ == "__main__":
    main()
