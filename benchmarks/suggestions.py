"""Whether suggested identities are as probable as is said, for individuals that nothing was fitted to.

    python benchmarks/suggestions.py SET ... --model NETWORK [--splits 8]

SETS hold images that the network was not trained on. A split takes half of the identities to calibrate with. Of the
others a half is known: a gallery has their names, and their images by half of the cameras of each. Their images by the
other cameras, and all images of the rest, who are strangers, are added without names. Both count alike.
"""

import argparse
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars

from reseen.data.datasets import read_data
from reseen.deploy.search_threshold import SearchThreshold
from reseen.metrics import Embedded, calibrate
from reseen.metrics.array_types import Bools, Float32, Float64, Int64
from reseen.retrieval.discover.judge import Judge, by_calibration, judge_records
from reseen.retrieval.discover.neighbours import near_records, read_records
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record, Suggestion
from reseen.retrieval.schema import GalleryModel
from reseen.retrieval.store import Store

BINS, RESAMPLES, NEIGHBOURS = 10, 500, 24
SHARES = (0.5, 0.2, 0.8)
"""Of known individuals among those who are added; probabilities are told for the first."""


class Images(NamedTuple):
    """(N, D) vectors, and (N,) the identity and the camera of each."""

    vectors: Float32
    identities: np.ndarray
    cameras: np.ndarray

    def of(self, rows: Bools) -> Embedded:
        """Some of them, to calibrate with."""
        return Embedded(self.vectors[rows], self.identities[rows], cameras=self.cameras[rows])

    def records(self, rows: Int64, *, named: bool) -> list[Record]:
        """Some of them, for a gallery."""
        name = [str(self.identities[row]) if named else None for row in rows]
        return [
            Record(vector=self.vectors[row], reference=str(row), identity=who, camera=str(self.cameras[row]))
            for row, who in zip(rows, name, strict=True)
        ]


class Told(NamedTuple):
    """What was ``said`` of S records, whether it is ``right``, who they are, and which of them are ``known``."""

    said: Float64
    right: Bools
    who: np.ndarray
    known: Bools


class Found(NamedTuple):
    """What one split gave: what was told of added records, by each way, and (said, right) of `discover`'s proposals."""

    told: Mapping[str, Told]
    proposals: Sequence[tuple[str, float, bool]]


def main() -> None:
    """Embed, split, and print the tables."""
    options = arguments()
    images = embedded(options.sets, model=options.model)
    splits = [split(images, seed=seed) for seed in range(options.splits)]
    print(f"{len(images.vectors):,} images of {len(np.unique(images.identities)):,} identities, {len(splits)} splits\n")
    pooled = {way: joined([one.told[way] for one in splits]) for way in splits[0].told}
    print(
        "| probability by | known | right | error (95 %) | log loss | of the share alone | Brier | of the share alone |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for way, told in pooled.items():
        for share in SHARES if way.startswith("searches") else SHARES[:1]:
            print(summary(way, told, share=share))
    for way, told in pooled.items():
        print(f"\n{way}\n\n| said | right | records |\n|---|---|---|", *bins(told), sep="\n")
    print("\n| proposal | number | said | right |\n|---|---|---|---|")
    for kind, of_kind in groupby(sorted(one for found in splits for one in found.proposals), key=lambda one: one[0]):
        _, said, right = zip(*of_kind, strict=True)
        print(f"| {kind} | {len(said)} | {np.mean(said):.2f} | {np.mean(right):.2f} |")


def embedded(sets: Sequence[Path], *, model: str) -> Images:
    """All images of the sets, whose identities are different ones."""
    embedder = Embedder.from_pretrained(model)
    tables = [
        table.frame.select("path", "camera", identity=polars.lit(f"{number}-") + polars.col("identity"))
        for number, path in enumerate(sets)
        for table in read_data(path).tables().values()
    ]
    frame = polars.concat(tables).unique("path").sort("path")
    vectors = embedder([Path(path) for path in frame["path"]])
    return Images(vectors, frame["identity"].to_numpy(), frame["camera"].to_numpy())


def split(images: Images, *, seed: int) -> Found:
    """One split."""
    draw = np.random.default_rng(seed)
    names = draw.permutation(np.unique(images.identities))
    fitting, known = (
        np.isin(images.identities, part) for part in np.split(names, (len(names) // 4) * np.arange(2, 4))[:2]
    )
    first = first_cameras(images, draw)
    model = calibrated(images, fitting=fitting, first=first)
    there, added = np.flatnonzero(known & first), np.flatnonzero(~fitting & ~(known & first))
    with tempfile.TemporaryDirectory() as folder:
        gallery = Gallery(folder, model=model, create=True, upkeep=False)
        gallery.add(images.records(there, named=True), batch=len(there))
        ways = other_ways(Store(folder, options={}, create=None, patience=1), model)
        given = gallery.add(images.records(added, named=False), batch=len(added), suggest=True)
        suggested = [one for one in given.suggestions if one is not None]
        who = images.identities[added]
        right = np.array([one.identity for one in suggested]) == who
        ways["searches, names"] = lambda one: one.probability
        told = {
            way: Told(np.array([said(one) or 0.0 for one in suggested]), right, who, known[added])
            for way, said in ways.items()
        }
        shown = dict(zip(given.ids, who.tolist(), strict=True))
        return Found(told, list(proposed(gallery, shown)))


def first_cameras(images: Images, draw: np.random.Generator) -> Bools:
    """(N,) whether the image is by one of a half of its identity's cameras, rounded up."""
    first = np.zeros(len(images.identities), dtype=bool)
    for name in np.unique(images.identities):
        of_name = images.identities == name
        cameras = draw.permutation(np.unique(images.cameras[of_name]))
        first |= of_name & np.isin(images.cameras, cameras[: (len(cameras) + 1) // 2])
    return first


def calibrated(images: Images, *, fitting: Bools, first: Bools) -> GalleryModel:
    """The model of a gallery, with thresholds and odds from the identities that are for fitting."""
    found = calibrate(images.of(fitting & ~first), images.of(fitting & first))
    search = found.identification
    threshold = SearchThreshold(search.threshold, search.records, search.doubling, search.odds)
    return GalleryModel("benchmark", images.vectors.shape[1], found.threshold, threshold)


def other_ways(store: Store, model: GalleryModel) -> dict[str, Callable[[Suggestion], float | None]]:
    """Probabilities of a suggestion as they were before, from pairs, and by searches of the calibration alone."""
    records = read_records(store.snapshot())
    named, near = len(records.ids), near_records(None, records, count=NEIGHBOURS, facts=None)
    assert model.search is not None
    odds = model.search.odds
    assert odds is not None, "too few identities to calibrate with"

    def by(judge: Judge | None) -> Callable[[Suggestion], float | None]:
        return lambda one: judge.probability(float(judge.evidence(one.similarity))) if judge else None

    return {
        "pairs, calibration": by(by_calibration(model, records=named)),
        "pairs, names": by(judge_records(records, near, model=model)),
        "searches, calibration": lambda one: odds.probability(one.similarity, records=named),
    }


def proposed(gallery: Gallery, shown: Mapping[str | None, str]) -> Iterator[tuple[str, float, bool]]:
    """What `discover` proposes for records without identity: kind, probability, whether it is right."""
    for one in gallery.discover().proposals:
        if one.identity is None and one.probability is not None:
            same = {shown[id_] for id_ in one.records}
            yield one.kind, one.probability, len(same) == 1 and one.target in {None, *same}


def joined(parts: Sequence[Told]) -> Told:
    """Those of several splits as one."""
    return Told(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def weights(told: Told, *, share: float) -> Float64:
    """(S,) with which so large a share is of known individuals."""
    return np.where(told.known, share / told.known.sum(), (1 - share) / (~told.known).sum())


def error(told: Told, weight: Float64) -> float:
    """The expected calibration error: over bins of what was said, its mean distance to the share that is right."""
    place = np.minimum((told.said * BINS).astype(int), BINS - 1)
    gap = np.bincount(place, weights=weight * (told.said - told.right), minlength=BINS)
    return float(np.abs(gap).sum() / weight.sum())


def summary(way: str, told: Told, *, share: float) -> str:
    """A line of the first table; the interval is over identities."""
    weight = weights(told, share=share)
    said, right = np.clip(told.said, 1e-4, 1 - 1e-4), float(weight @ told.right)
    loss = -float(weight @ np.log(np.where(told.right, said, 1 - said)))
    alone = -right * math.log(right) - (1 - right) * math.log(1 - right)
    numbers = np.unique(told.who, return_inverse=True)[1]
    draw = np.random.default_rng(0)
    errors = []
    for _ in range(RESAMPLES):
        times = np.bincount(draw.integers(0, numbers.max() + 1, numbers.max() + 1), minlength=numbers.max() + 1)
        errors.append(error(told, weight * times[numbers]))
    low, high = np.percentile(errors, [2.5, 97.5])
    brier = float(weight @ np.square(told.said - told.right))
    cells = [way, f"{share:.0%}", f"{right:.3f}", f"{error(told, weight):.3f} ({low:.3f} to {high:.3f})"]
    return f"| {' | '.join([*cells, *(f'{x:.3f}' for x in (loss, alone, brier, right * (1 - right)))])} |"


def bins(told: Told) -> Iterator[str]:
    """What was said beside the share that is right."""
    weight, place = weights(told, share=0.5), np.minimum((told.said * BINS).astype(int), BINS - 1)
    for number in np.unique(place):
        there = place == number
        said, right = (np.average(values[there], weights=weight[there]) for values in (told.said, told.right))
        yield f"| {said:.2f} | {right:.2f} | {there.sum():,} |"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--model", required=True)
    parser.add_argument("--splits", type=int, default=8)
    return parser.parse_args()


if __name__ == "__main__":
    main()
