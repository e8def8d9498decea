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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from reseen.data.frames import FramesGiven
from reseen.data.tracks import Tracks, read_tracks, read_truth
from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.file_lock import file_lock
from reseen.files import make_own_folder, write_atomically, write_json
from reseen.formats import migrated, with_format
from reseen.linking import Linking, LinkSettings, TravelTimes, link, read_topology
from reseen.linking.pooling import Switch
from reseen.linking.record import LINKING, LINKS, SCORES, SPLITS, TRACKS, doubt_facts, sightings_table
from reseen.linking.splitting import parts_of, split
from reseen.linking.topology import require_known
from reseen.metrics import Estimate, IdentifiedBoxes, LinkScores, only_in_several_cameras, score_links
from reseen.metrics.association.grouping import true_tracks
from reseen.progress import SILENT, Progress
from reseen.retrieval.embedder import BATCH, Embedder
from reseen.retrieval.job import FailedImage, embed_images
from reseen.retrieval.track_images import TrackImages, cut_images, pooled_images, track_images

IMAGES = 16
"""Images of a track that are embedded by default."""

_BEGUN, _LOCK, _IMAGES, _CROPS, _VECTORS = "begun.json", "link.lock", "images.parquet", "crops", "vectors"


class Scored(NamedTuple):
    """Scores with identities of one camera alone left out, as the AI City Challenge does, and of all identities.

    ``parts``: as the first, with each part of a split track under its own identity; None where no track was split.
    """

    several_cameras: LinkScores
    all_identities: LinkScores
    parts: LinkScores | None = None


@dataclass(frozen=True, eq=False)
class LinkedTracks:
    """What ``link_tracks`` found and wrote into ``out``.

    Attributes:
        out: The folder.
        tracks: The tracks as read.
        linking: Who is who, of the tracks that have a vector.
        boxes: Their boxes; ``track`` names the parts of a track that was split, ``whole`` the track itself.
        links: camera, track, identity of every track, of its longest part where it was split; a track without a vector
            is an identity of its own.
        scores: None without a truth.
        switches: Tracks whose images are of two individuals by all that is seen; each was split.
        failures: Images that could not be embedded.
        warnings: One line each.
    """

    out: Path
    tracks: Tracks
    linking: Linking
    boxes: pl.DataFrame
    links: pl.DataFrame
    scores: Scored | None
    switches: tuple[Switch, ...]
    failures: tuple[FailedImage, ...]
    warnings: tuple[str, ...]


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

    The same call continues one that was stopped. With other settings, offsets or windows it links again, and embeds
    nothing twice.

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
        ReseenError: ``out`` holds another linking, the tracks have no images of their own, a camera of the topology
            has no track, or as the readers say.

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
    tracks = found.tracks
    windows = () if topology is None else read_topology(topology)
    require_known(windows, tracks.cameras, source=topology)
    true = _truth(source, truth)
    _begin(out, found, embedder=embedder, source=source)
    with file_lock(out / _LOCK, patience=0, advice="wait for it, or choose another folder", keep=True):
        tracks, chosen, *_ = cut_images(found, crops=out / _CROPS, progress=progress)
        write_atomically(out / _IMAGES, chosen.select("path", "camera", "track").write_parquet)
        job = embed_images(out / _IMAGES, out / _VECTORS, embedder=embedder, batch=batch, progress=progress)
        pooled = pooled_images(out / _VECTORS, chosen, spans=tracks.boxes)
        boxes = split(tracks.boxes, pooled.switches)
        if pooled.switches:
            halves = pooled_images(out / _VECTORS, split(chosen, pooled.switches), spans=boxes)
            pooled = pooled._replace(sightings=halves.sightings)
        linking = link(pooled.sightings, settings=settings, topology=windows)
        links = _all_links(linking, boxes)
        scores = (
            None if true is None else _scored(true, boxes, links, of_parts=linking.table() if pooled.switches else None)
        )
        warnings = (*tracks.notes, *linking.warnings, *_unseen(links, linking))
        done = LinkedTracks(out, tracks, linking, boxes, links, scores, pooled.switches, tuple(job.failures), warnings)
        known = None if true is None else _true_tracks(true, boxes)
        _write(done, settings, source=str(source), network=embedder.source, truth=known)
    return done


def _truth(source: Path | str, truth: Path | str | None) -> IdentifiedBoxes | None:
    """The truth that is named, or the one that lies with the tracks."""
    if truth is None:
        folder = Path(source)
        if not folder.is_dir() or next(folder.glob("**/gt/gt.txt"), None) is None:
            return None
        truth = folder
    return IdentifiedBoxes.from_table(read_truth(truth))


def _begin(out: Path, found: TrackImages, *, embedder: Embedder, source: Path | str) -> None:
    """Make the folder; one that is there must be of these tracks, frames and this network."""
    rows = found.chosen.select("camera", "track", "frame", "path").write_csv().encode()
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


def _all_links(linking: Linking, boxes: pl.DataFrame) -> pl.DataFrame:
    """Every track, in order; those without a vector get numbers after all others."""
    longest = parts_of(boxes, linking.table()).unique(["camera", "track"], keep="first", maintain_order=True)
    known = longest.select("camera", "track", "identity")
    last = int(linking.identities.max(initial=0))
    alone = pl.col("identity").is_null().cast(pl.Int64).cum_sum() + last
    return known.with_columns(identity=pl.col("identity").fill_null(alone))


def _unseen(links: pl.DataFrame, linking: Linking) -> list[str]:
    missing = int((links["identity"] > linking.identities.max(initial=0)).sum())
    return [
        f"{missing} of {len(links)} tracks have no image that could be embedded; each is an identity of its own"
    ] * (missing > 0)


def _scored(
    truth: IdentifiedBoxes, boxes: pl.DataFrame, links: pl.DataFrame, *, of_parts: pl.DataFrame | None
) -> Scored:
    whole = _identified(boxes.with_columns(track=pl.col("whole")), links)
    several, every = score_links(truth, only_in_several_cameras(whole)), score_links(truth, whole)
    if of_parts is None:
        return Scored(several, every)
    return Scored(several, every, score_links(truth, only_in_several_cameras(_identified(boxes, of_parts))))


def _identified(boxes: pl.DataFrame, identities: pl.DataFrame) -> IdentifiedBoxes:
    named = boxes.join(identities, on=["camera", "track"], how="inner", maintain_order="left")
    return IdentifiedBoxes.from_table(named)


def _true_tracks(truth: IdentifiedBoxes, boxes: pl.DataFrame) -> pl.DataFrame:
    """camera, track, truth: the true identity of each track that has one."""
    every = IdentifiedBoxes.from_table(boxes.with_columns(identity=pl.lit(0)))
    rows = true_tracks(truth, every)
    columns = {"camera": rows.cameras, "track": rows.tracks, "truth": rows.identities}
    return pl.DataFrame({name: pl.Series(values.astype(np.str_), dtype=pl.String) for name, values in columns.items()})


def _write(
    done: LinkedTracks, settings: LinkSettings, *, source: str, network: str, truth: pl.DataFrame | None
) -> None:
    """links.csv, splits.csv and scores.json, then linking.json."""
    write_atomically(done.out / LINKS, done.links.write_csv)
    if done.switches:
        every = parts_of(done.boxes, done.linking.table())
        halves = every.filter(pl.len().over("camera", "track") > 1).sort("camera", "track", "begin")
        write_atomically(done.out / SPLITS, halves.write_csv)
    else:
        (done.out / SPLITS).unlink(missing_ok=True)
    if done.scores is not None:
        write_json(done.out / SCORES, scores_as_json(done.scores))
    else:
        (done.out / SCORES).unlink(missing_ok=True)
    linking = done.linking
    table = sightings_table(linking, done.links, boxes=done.boxes, truth=truth)
    write_atomically(done.out / TRACKS, table.write_parquet)
    write_json(
        done.out / LINKING,
        with_format(
            "linking",
            {
                "source": source,
                "images": _place(done.tracks.root, done.out),
                "network": network,
                "settings": asdict(settings),
                "threshold": linking.threshold,
                "warnings": done.warnings,
                "windows": [_finite(window._asdict()) for window in linking.windows],
                "ways": [_way(way.origin, way.target, way.times) for way in linking.ways],
                "switches": [switch._asdict() for switch in done.switches],
                "doubts": [doubt_facts(doubt, linking.sightings) for doubt in linking.doubts],
            },
        ),
    )


def _place(images: Path, out: Path) -> str:
    """Where images are, from ``out`` where they are in it, so that it can be moved."""
    return str(images.relative_to(out.absolute()) if images.is_relative_to(out.absolute()) else images)


def _finite(values: Mapping[str, object]) -> dict[str, object]:
    """JSON has no infinity: null."""
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value for name, value in values.items()
    }


def _way(origin: str, target: str, times: TravelTimes) -> dict[str, object]:
    return {
        "from": origin,
        "to": target,
        "median": round(times.median, 2),
        "seconds": np.round(times.edges, 2).tolist(),
        "links": np.round(times.links, 2).tolist(),
    }


def scores_as_json(scores: Scored) -> dict[str, object]:
    """As in scores.json: shares, with identities of one camera left out; intervals; and those of all identities."""
    aic, every = scores.several_cameras._asdict(), scores.all_identities._asdict()
    intervals = {name: [value.low, value.high] for name, value in aic.items() if isinstance(value, Estimate)}
    halves = {} if scores.parts is None else {"parts": _values(scores.parts._asdict())}
    return {
        **_values(aic),
        "intervals": intervals,
        "rule": "identities that are linked in one camera alone are left out, as the AI City Challenge does",
        "all_identities": _values(every),
        **halves,
    }


def _values(scores: Mapping[str, Estimate | None]) -> dict[str, float | None]:
    return {name: None if value is None else value.value for name, value in scores.items()}
