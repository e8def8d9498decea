"""How the time of evaluation, re-ranking, linking, search and embedding jobs grows with size: a table and a figure.

    python benchmarks/growth.py [--largest 100000] [--most 12] [--only search link]
        [--out benchmarks/results --figure docs/images/growth.png]

Each step is measured from 1,000 on at sizes three times apart, and stops where the next size would take more than
``--most`` seconds. Times are processor time of all threads, which says little of what else the machine does. The slope
is that of the last three points on logarithmic axes: 1 is proportional to the size, 2 to its square. A step's size is
its number of gallery entries, tracks, records or images; evaluation and re-ranking have a tenth as many queries.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import gallery_scale
import linking
from evaluation import Size
from evaluation import drawn as drawn_sets
from reseen.draw.style import INK, PALETTE, style
from reseen.linking import link
from reseen.metrics import evaluate, k_reciprocal
from reseen.retrieval import indexes
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.job import ChunkEmbedder, embed_images, in_this_process

WIDTH, QUERIES = 128, 20
START, FACTOR = 1_000, 10**0.5
DASHES = ("-", "--", ":")


class Point(NamedTuple):
    """Processor seconds at a size."""

    size: int
    seconds: float


class Curve(NamedTuple):
    """The points of one step, and the slope of the last three on logarithmic axes."""

    name: str
    points: list[Point]

    @property
    def slope(self) -> float:
        """Of a line through the last three points; NaN with fewer than two."""
        if len(self.points) < 2:
            return float("nan")
        sizes, seconds = np.log(np.array(self.points[-3:])).T
        return float(np.polyfit(sizes, seconds, 1)[0])


@contextmanager
def evaluation_at(size: int) -> Iterator[Callable[[], object]]:
    """A tenth as many queries, twenty entries of each identity, six cameras."""
    query, gallery = drawn_sets(Size(size // 10, size, size // 20, 6), spread=2.0)
    yield lambda: evaluate(query, gallery)


@contextmanager
def reranking_at(size: int) -> Iterator[Callable[[], object]]:
    """The same, k-reciprocal."""
    query, gallery = drawn_sets(Size(size // 10, size, size // 20, 6), spread=2.0)
    yield lambda: k_reciprocal(query.vectors, gallery.vectors)


@contextmanager
def linking_at(size: int) -> Iterator[Callable[[], object]]:
    """Tracks of ten cameras."""
    town = linking.drawn(size, cameras=10, width=WIDTH, noise=0.9)
    yield lambda: link(town.sightings)


@contextmanager
def gallery_at(size: int) -> Iterator[tuple[Gallery, NDArray[np.float32]]]:
    """A gallery with its index, and queries."""
    stream = gallery_scale.Stream(size, WIDTH)
    with tempfile.TemporaryDirectory() as folder:
        gallery = gallery_scale.filled(Path(folder) / "gallery", stream, dim=WIDTH)
        gallery.compact()
        yield gallery, stream.queries(QUERIES)


@contextmanager
def exact_at(size: int) -> Iterator[Callable[[], object]]:
    """Queries one by one, each compared with every record."""
    with gallery_at(size) as (gallery, queries):
        yield lambda: [gallery.search(query, exact=True) for query in queries]


@contextmanager
def indexed_at(size: int) -> Iterator[Callable[[], object]]:
    """Queries one by one, through the index from the size on where it is approximate."""
    with gallery_at(size) as (gallery, queries):
        yield lambda: [gallery.search(query) for query in queries]


@contextmanager
def building_at(size: int) -> Iterator[Callable[[], object]]:
    """The index, with the measurement of its recall."""
    with gallery_at(size) as (gallery, _):
        yield gallery.create_index


@contextmanager
def job_at(size: int) -> Iterator[Callable[[], object]]:
    """A job whose network gives a vector at once: what is left is the table, the chunks and the parts."""
    vector = np.ones(WIDTH, dtype=np.float32)
    entry = SimpleNamespace(vector=vector, error="")
    network: Any = SimpleNamespace(
        source="none", fingerprint="0" * 16, width=WIDTH, visible_metadata=((), ()), decode="full"
    )
    network.embed_files = lambda paths, **_: (entry for _ in paths)
    with tempfile.TemporaryDirectory() as folder:
        table, runs = Path(folder) / "images.csv", iter(range(100))
        table.write_text("path\n" + "".join(f"{number}.jpg\n" for number in range(size)))

        def run() -> None:
            out = Path(folder) / str(next(runs))
            own = in_this_process(ChunkEmbedder(network, out, batch=32, workers=1))
            embed_images(table, out, embedder=network, runner=own)

        yield run


STEPS = MappingProxyType(
    {
        "evaluate": ("evaluation", evaluation_at, 1),
        "rerank": ("k-reciprocal re-ranking", reranking_at, 1),
        "link": ("linking of tracks", linking_at, 1),
        "exact": ("search, exact, one query", exact_at, QUERIES),
        "search": ("search, with index, one query", indexed_at, QUERIES),
        "index": ("building the index", building_at, 1),
        "job": ("embedding job without its network", job_at, 1),
    }
)
"""Name -> what it is called, how it is set up at a size, and how often it does its work in one call."""


def grown(name: str, *, largest: int, most: float) -> Curve:
    """Measure one step at growing sizes."""
    title, set_up, times = STEPS[name]
    with set_up(START) as work:
        work()  # compiles, and fills caches
    points: list[Point] = []
    size = float(START)
    while size <= 1.01 * largest and expected(points) * times <= most:
        with set_up(round(size)) as work:
            began = process_time()
            work()
            points.append(Point(round(size), (process_time() - began) / times))
        print(f"{title:36} {points[-1].size:9,} {points[-1].seconds:10.4f} s", flush=True)
        size *= FACTOR
    return Curve(title, points)


def expected(points: Sequence[Point]) -> float:
    """The seconds of the next point, as far as two tell; after one, as if in proportion; at most the square."""
    if not points:
        return 0.0
    growth = points[-1].seconds / points[-2].seconds if len(points) > 1 else FACTOR
    return points[-1].seconds * min(max(1.0, growth), FACTOR**2)


def plotted(curves: Sequence[Curve]) -> Figure:
    """Seconds against size on logarithmic axes, each curve named with its slope at its end."""
    figure = Figure(figsize=(8.2, 4.8), layout="constrained")
    axes = figure.add_subplot()
    for number, (curve, colour) in enumerate(zip(curves, PALETTE, strict=False)):
        sizes, seconds = zip(*curve.points, strict=True)
        dash = DASHES[number % len(DASHES)]
        label = f"{curve.name}: slope {curve.slope:.1f}"
        axes.plot(sizes, seconds, color=colour, linestyle=dash, marker="o", markersize=3.5, linewidth=2, label=label)
    axes.set(
        xscale="log", yscale="log", xlabel="gallery entries, tracks, records or images", ylabel="processor seconds"
    )
    style(axes, title="Growth with size")
    legend = axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9, labelcolor=INK)
    legend.set_in_layout(True)
    return figure


def table(curves: Sequence[Curve]) -> str:
    """Rows of steps, columns of sizes, and the slope."""
    sizes = sorted({point.size for curve in curves for point in curve.points})
    lines = ["| step | " + " | ".join(f"{size:,}" for size in sizes) + " | slope |", "|---" * (len(sizes) + 2) + "|"]
    for curve in curves:
        there = {point.size: f"{point.seconds:.3g}" for point in curve.points}
        lines.append(f"| {curve.name} | {' | '.join(there.get(size, '') for size in sizes)} | {curve.slope:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write the table and the figure."""
    options = arguments()
    indexes.APPROXIMATE_PAYS = 10_000
    curves = [grown(name, largest=options.largest, most=options.most) for name in options.only]
    told = table(curves)
    print(told)
    if options.out is not None:
        figure = options.figure or options.out / "growth-cpu.png"
        plotted(curves).savefig(figure, dpi=130)
        link = os.path.relpath(figure, options.out)
        (options.out / "growth-cpu.md").write_text(f"{HEAD}{told}\n\n![Growth with size]({link})\n")


HEAD = f"""# Growth with size

`python benchmarks/growth.py`: processor seconds of all threads, on two cores without a GPU. Vectors of {WIDTH} numbers
(evaluation and re-ranking: 512, a tenth as many queries as gallery entries). The index is approximate from 10,000
records on here, below it is exact. The slope is that of the last three sizes on logarithmic axes: 1 is proportional to
the size, 2 to its square.

"""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=100_000)
    parser.add_argument("--most", type=float, default=12.0, help="Most processor seconds of one measurement.")
    parser.add_argument("--only", nargs="+", choices=list(STEPS), default=list(STEPS))
    parser.add_argument("--out", type=Path, help="Folder of growth-cpu.md and .png; without it, only prints.")
    parser.add_argument("--figure", type=Path, help="The figure's file, if it is to lie elsewhere.")
    return parser.parse_args()


if __name__ == "__main__":
    main()
