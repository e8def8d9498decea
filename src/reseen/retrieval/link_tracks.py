"""Tracks of many cameras to global identities: their images embedded as a job, then linked, scored and written.

```
OUT/
  begun.json     which tracks and which network this folder is for
  images.parquet the images that are embedded, at most so many a track
  crops/         their files, where they are cut out of frames or videos
  vectors/       the embedding job, which a stopped command continues
  links.csv      camera, track, identity
  splits.csv     the parts of tracks that hold two individuals, where there are some
  scores.json    where the truth is known
  tracks.parquet who was where when, with the best images of each track: what a page of the linking needs
  linking.json   settings, windows, travel times, doubts; written last
```
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl

from reseen.data.frames import FramesGiven
from reseen.data.tracks import Tracks, read_tracks, read_truth
from reseen.data.tracks.boxes import SIDES
from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.file_lock import file_lock
from reseen.files import make_own_folder, write_atomically, write_json
from reseen.formats import migrated, with_format
from reseen.linking import Linking, LinkSettings, link, read_topology
from reseen.linking.by_kind import require_kinds
from reseen.linking.pooling import Pooled
from reseen.linking.splitting import split
from reseen.linking.topology import require_known
from reseen.metrics import IdentifiedBoxes
from reseen.progress import SILENT, Progress
from reseen.retrieval.embedder import BATCH, Embedder
from reseen.retrieval.job import FailedImage, embed_images
from reseen.retrieval.linked_files import write_linking
from reseen.retrieval.linked_tracks import LinkedTracks, Truth, all_links, scored, true_identities, unseen_notes
from reseen.retrieval.track_images import TrackImages, cut_images, pooled_images, track_images

IMAGES = 16
"""Images of a track that are embedded by default."""

_BEGUN, _LOCK, _IMAGES, _CROPS, _VECTORS = "begun.json", "link.lock", "images.parquet", "crops", "vectors"


def link_tracks(  # noqa: PLR0913 - one argument a thing that a user may choose
    source: Path | str,
    out: Path | str,
    *,
    embedder: Embedder,
    truth: Path | str | None = None,
    topology: Path | str | None = None,
    offsets: Mapping[str, float] | None = None,
    rate: float | None = None,
    frames: FramesGiven | None = None,
    settings: LinkSettings | None = None,
    images: int = IMAGES,
    batch: int = BATCH,
    progress: Progress = SILENT,
) -> LinkedTracks:
    """Find which tracks of all cameras are of one individual.

    Tracks of different kinds, such as person and vehicle, are never linked: each kind is linked by itself, and scored
    by itself too where the truth knows several. The same call continues one that was stopped. With other settings,
    offsets or windows it links again, and embeds nothing twice.

    Args:
        source: The tracks, as ``reseen.data.tracks.read_tracks`` takes them, with crops or with
            frames or videos.
        out: The folder to write into.
        embedder: The network.
        truth: The true identities; those in ``source`` where it has some.
        topology: A file of windows, as ``reseen.linking.read_topology`` takes it.
        offsets: Seconds to add to the times of a camera, by its name: where clocks differ.
        rate: Frames a second of all cameras; what the data or the videos say if left out.
        frames: Where the frames or videos are that boxes are cut out of.
        settings: How to link.
        images: Images of a track that are embedded, the best ones over its length.
        batch: Images in one pass of the network.
        progress: Shows a bar.

    Raises:
        ReseenError: ``out`` holds another linking, the tracks have no images of their own, a camera or a
            kind of the topology has no track, or as the readers say.

    Example (not run):
        ```python
        embedder = reseen.Embedder.from_pretrained("runs/mine")
        done = reseen.link_tracks("crossing", "linked", embedder=embedder)
        print(done.links, done.scores)
        ```
    """
    if images < 1:
        raise ReseenError(f"images: expected at least 1 image of a track, got {images}")
    out, settings = Path(out), settings or LinkSettings()
    found = track_images(
        read_tracks(source, offsets=offsets, rate=rate),
        crops=out / _CROPS,
        images=images,
        given=frames or FramesGiven(),
    )
    windows = () if topology is None else read_topology(topology)
    require_known(windows, found.tracks.cameras, source=topology)
    require_kinds(windows, found.tracks.boxes["kind"].drop_nulls().unique().to_list(), source=topology)
    true = _truth(source, truth)
    _begin(out, found, embedder=embedder, source=source)
    with file_lock(out / _LOCK, patience=0, advice="wait for it, or choose another folder", keep=True):
        embedded = _embed(found, out, embedder=embedder, batch=batch, progress=progress)
        linking = link(embedded.pooled.sightings, settings=settings, topology=windows)
        done = _linked(out, embedded, linking, truth=true)
        known = None if true is None else true_identities(true.boxes, done.boxes)
        write_linking(done, settings, source=str(source), network=embedder.source, truth=known)
    return done


class _Embedded(NamedTuple):
    """The tracks, their boxes with tracks of two individuals split, and the vectors of both parts and whole ones."""

    tracks: Tracks
    boxes: pl.DataFrame
    pooled: Pooled
    failures: tuple[FailedImage, ...]


def _embed(found: TrackImages, out: Path, *, embedder: Embedder, batch: int, progress: Progress) -> _Embedded:
    tracks, chosen, *_ = cut_images(found, crops=out / _CROPS, progress=progress)
    write_atomically(out / _IMAGES, chosen.select("path", "camera", "track").write_parquet)
    job = embed_images(out / _IMAGES, out / _VECTORS, embedder=embedder, batch=batch, progress=progress)
    pooled = pooled_images(out / _VECTORS, chosen, spans=tracks.boxes)
    boxes = split(tracks.boxes, pooled.switches)
    if pooled.switches:
        halves = pooled_images(out / _VECTORS, split(chosen, pooled.switches, among=tracks.boxes), spans=boxes)
        pooled = pooled._replace(sightings=halves.sightings)
    return _Embedded(tracks, boxes, pooled, tuple(job.failures))


def _linked(out: Path, embedded: _Embedded, linking: Linking, *, truth: Truth | None) -> LinkedTracks:
    """The links of all tracks, and their scores where the truth is known."""
    tracks, boxes, pooled, failures = embedded
    links = all_links(linking, boxes)
    scores = None
    if truth is not None:
        scores = scored(truth, boxes, links, of_parts=linking.table() if pooled.switches else None)
    warnings = (*tracks.notes, *linking.warnings, *unseen_notes(links, linking))
    return LinkedTracks(out, tracks, linking, boxes, links, scores, pooled.switches, failures, warnings)


def _truth(source: Path | str, truth: Path | str | None) -> Truth | None:
    """The truth that is named, or the one that lies with the tracks."""
    if truth is None:
        folder = Path(source)
        if not folder.is_dir() or next(folder.glob("**/gt/gt.txt"), None) is None:
            return None
        truth = folder
    table = read_truth(truth)
    kinds = tuple(table["kind"].to_list()) if "kind" in table.columns else ()
    return Truth(IdentifiedBoxes.from_table(table), kinds)


def _begin(out: Path, found: TrackImages, *, embedder: Embedder, source: Path | str) -> None:
    """Make the folder; one that is there must be of these tracks, frames and this network."""
    sides = () if found.frames is None else SIDES
    rows = found.chosen.select("camera", "track", "frame", "path", *sides).write_csv().encode()
    key = {"tracks": hashlib.sha256(rows).hexdigest()[:16], "network": embedder.fingerprint, "frames": found.said}
    path = out / _BEGUN
    if path.exists():
        before = migrated("linking", read_json(path), name=str(path))
        for what, said in key.items():
            if before.get(what) != said:
                raise ReseenError(f"{out}: holds a linking of other {what}; choose another folder, or remove this one")
        return
    make_own_folder(out, of="linking")
    write_json(path, with_format("linking", {**key, "source": str(source), "boxes": len(found.tracks.boxes)}))
