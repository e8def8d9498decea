"""Linking beside the recipe of AI City Challenge 2021's winner, on the same vectors, town by town, and online.

    python benchmarks/linking_baseline.py TOWN [TOWN ...] --model runs/mine --work DIR [--truth FILE] [--images 16]

"online" is `Linker`, which gets the tracks of each half minute as they end and forgets those that ended five minutes
ago; scored are the identities that they have in the end. IDF1 and association (AssA) are of identities in two cameras
or more; precision and recall are of all pairs of tracks. Vectors are kept in DIR: a second run embeds nothing.

A town is what `reseen synth crossing` writes. The recipe, from its published code: the mean of a track's vectors
(images below 2,000 pixels left out where two larger ones remain); for each pair of cameras the similarity of these
means, k-reciprocal re-ranking (20, 3, 0.3), 0 within one camera and for impossible times; agglomerative clustering
with complete linkage, distance 0.5; the vectors of each cluster averaged, and clustered once more with distance 0.9;
clusters of one track, and those in which a camera stands twice, are dropped. Zones and directions, which its authors
drew by hand for each camera, are left out. It is given the windows that reseen learned, in their stead, or none with
--no-windows.
"""

import argparse
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster
from scipy.cluster.hierarchy import linkage as agglomerate
from scipy.spatial.distance import squareform

from reseen.data.tracks import read_truth
from reseen.linking import Linker, Sightings, Window
from reseen.linking.clock import Times, gaps, possible
from reseen.linking.layout import lay_out
from reseen.linking.pooling import pool
from reseen.linking.splitting import parts_of
from reseen.metrics import IdentifiedBoxes, k_reciprocal, only_in_several_cameras, score_links
from reseen.retrieval import Embedder
from reseen.retrieval.link_tracks import link_tracks
from reseen.retrieval.linked_tracks import LinkedTracks
from reseen.retrieval.track_images import chosen_images

SMALL, FIRST, SECOND = 2000, 0.5, 0.9

Floats = NDArray[np.float64]


COLUMNS = ("idf1", "association", "pair_precision", "pair_recall")
EVERY, HORIZON = 30.0, 300.0
"""Seconds of tracks in one update of the online linking, and how long tracks are held."""


def main() -> None:
    """Score all three on each town and print."""
    options = arguments()
    embedder = Embedder.from_pretrained(options.model)
    print(f"{'':12}" + "".join(f" | {name:>27}" for name in ("recipe", "reseen", "reseen online")))
    print(f"{'town':12}" + 3 * f" | {'IDF1':>6} {'AssA':>6} {'prec.':>6} {'recall':>6}")
    rows = []
    for town in options.towns:
        done = link_tracks(
            town, options.work / town.name, embedder=embedder, truth=options.truth or town, images=options.images
        )
        truth = IdentifiedBoxes.from_table(read_truth(options.truth or town))
        windows = () if options.no_windows else done.linking.windows
        plain = means(done, images=options.images)
        found = (
            named(plain, recipe(plain, windows)).filter(pl.col("identity") >= 0),
            done.links,
            longest(done, online(done.linking.sightings)),
        )
        rows.append([value for links in found for value in scored(truth, done, links)])
        print(line(town.name, rows[-1]), flush=True)
    print(line("mean", np.mean(rows, axis=0).tolist()))


def line(name: str, values: Sequence[float]) -> str:
    """One row of the table."""
    groups = [values[at : at + len(COLUMNS)] for at in range(0, len(values), len(COLUMNS))]
    return f"{name:12}" + "".join(" | " + " ".join(f"{value:6.3f}" for value in group) for group in groups)


def online(sightings: Sightings) -> NDArray[np.int64]:
    """(K,) identities after the last update."""
    linker, order = Linker(horizon=HORIZON), np.argsort(sightings.end, kind="stable")
    names: dict[tuple[str, str], int] = {}
    for step in np.unique(sightings.end // EVERY):
        came = sightings.rows(order[sightings.end[order] // EVERY == step])
        updated = linker.update(came)
        names |= zip_names(came, updated.identities.tolist())
        names |= {(change.camera, change.track): change.now for change in updated.revised}
    return np.array([names[key] for key in keys(sightings)], dtype=np.int64)


def keys(sightings: Sightings) -> list[tuple[str, str]]:
    """Camera and track of each."""
    return list(zip(sightings.cameras.tolist(), sightings.tracks.tolist(), strict=True))


def zip_names(sightings: Sightings, identities: list[int]) -> dict[tuple[str, str], int]:
    """The identity of each camera and track."""
    return dict(zip(keys(sightings), identities, strict=True))


def named(sightings: Sightings, identities: NDArray[np.int64]) -> pl.DataFrame:
    """camera, track, identity."""
    return pl.DataFrame(
        {"camera": sightings.cameras.tolist(), "track": sightings.tracks.tolist(), "identity": identities}
    )


def longest(done: LinkedTracks, identities: NDArray[np.int64]) -> pl.DataFrame:
    """The identity of each track: that of its longest part."""
    parts = parts_of(done.boxes, named(done.linking.sightings, identities))
    return parts.unique(["camera", "track"], keep="first", maintain_order=True).select("camera", "track", "identity")


def means(done: LinkedTracks, *, images: int) -> Sightings:
    """The plain means of the same vectors."""
    chosen = chosen_images(done.tracks, images=images)
    vectors = pl.read_parquet(done.out / "vectors" / "part-*.parquet", columns=["path", "vector"])
    rows = chosen.join(vectors, on="path", how="inner", maintain_order="left")
    large = pl.col("width") * pl.col("height") >= SMALL
    rows = rows.filter(large | (large.sum().over("camera", "track") < 2))
    plain = rows.with_columns(left=9.0, top=9.0, width=9.0, height=9.0, confidence=1.0)  # every image counts alike
    spans = done.tracks.boxes
    return pool(plain.drop("vector"), rows["vector"].to_numpy(), spans=spans).sightings


def recipe(sightings: Sightings, windows: tuple[Window, ...]) -> NDArray[np.int64]:
    """(K,) identities, -1 for tracks that are dropped."""
    similarity, allowed = similarities(sightings, windows)
    labels = clustered(similarity, distance=FIRST)
    means = np.stack([sightings.vectors[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    second = means @ means.T
    for first, other in combinations(range(len(means)), 2):
        if not allowed[np.ix_(labels == first, labels == other)].all():
            second[first, other] = second[other, first] = 0
    labels = clustered(second, distance=SECOND)[labels]
    for label in np.unique(labels):
        cameras = sightings.cameras[labels == label]
        if len(cameras) < 2 or len(set(cameras)) < len(cameras):
            labels[labels == label] = -1
    return labels


def similarities(sightings: Sightings, windows: tuple[Window, ...]) -> tuple[Floats, NDArray[np.bool_]]:
    """(K, K) re-ranked similarities, 0 where two tracks cannot be one; and where they can."""
    layout = lay_out(sightings, sightings.vectors, windows)
    size = len(sightings)
    similarity, allowed = np.zeros((size, size)), np.zeros((size, size), dtype=bool)
    for first, second in combinations(range(len(layout.names)), 2):
        rows, others = (layout.order[layout.rows(camera)] for camera in (first, second))
        own, their = layout.times(layout.rows(first)), layout.times(layout.rows(second))
        between = gaps(Times(own.begin[:, None], own.end[:, None]), their)
        may = possible(between, layout.limits(first, second), same_camera=False)
        k1 = min(20, len(others))
        left, right = sightings.vectors[rows], sightings.vectors[others]
        near = 1 - k_reciprocal(left, right, k1=k1, k2=min(3, k1), weight=0.3)
        similarity[np.ix_(rows, others)] = np.where(may, near, 0)
        allowed[np.ix_(rows, others)] = may
    return np.maximum(similarity, similarity.T), allowed | allowed.T


def clustered(similarity: Floats, *, distance: float) -> NDArray[np.int64]:
    """Complete linkage up to a distance of 1 minus the similarity; labels from 0."""
    if len(similarity) < 2:
        return np.zeros(len(similarity), dtype=np.int64)
    distances = np.maximum(1 - similarity, 0)
    np.fill_diagonal(distances, 0)
    tree = agglomerate(squareform(distances, checks=False), method="complete")
    return np.unique(fcluster(tree, distance, criterion="distance"), return_inverse=True)[1].astype(np.int64)


def scored(truth: IdentifiedBoxes, done: LinkedTracks, links: pl.DataFrame) -> list[float]:
    """The numbers of one linking; what is not in the links has no identity."""
    boxes = done.tracks.boxes.join(links, on=["camera", "track"], how="inner", maintain_order="left")
    linked = score_links(truth, only_in_several_cameras(IdentifiedBoxes.from_table(boxes)))
    alone = pl.col("identity").fill_null(-1 - pl.struct("camera", "track").rank("dense").cast(pl.Int64))
    every = done.tracks.boxes.join(links, on=["camera", "track"], how="left", maintain_order="left").with_columns(alone)
    pairs = score_links(truth, IdentifiedBoxes.from_table(every))
    values = (linked.idf1, linked.association, pairs.pair_precision, pairs.pair_recall)
    return [np.nan if value is None else value.value for value in values]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("towns", type=Path, nargs="+")
    parser.add_argument("--model", required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--no-windows", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
