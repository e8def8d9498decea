"""Tracks of many cameras to global identities: their images embedded as a job, then linked, scored and written.

```
OUT/
  begun.json     which tracks and which network this folder is for
  images.parquet the images that are embedded, at most so many a track
  vectors/       the embedding job, which a stopped command continues
  links.csv      camera, track, identity
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

from reseen.data.tracks import Tracks, read_tracks, read_truth
from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.file_lock import file_lock
from reseen.files import write_atomically, write_json
from reseen.formats import migrated, with_format
from reseen.linking import Linking, LinkSettings, TravelTimes, link, read_topology
from reseen.linking.pooling import Pooled, Switch, pool, quality
from reseen.linking.record import LINKING, LINKS, SCORES, TRACKS, doubt_facts, sightings_table
from reseen.linking.topology import require_known
from reseen.metrics import Estimate, IdentifiedBoxes, LinkScores, only_in_several_cameras, score_links
from reseen.metrics.association.grouping import true_tracks
from reseen.progress import SILENT, Progress
from reseen.retrieval.embedder import BATCH, Embedder
from reseen.retrieval.job import PARTS, FailedImage, embed_images

IMAGES = 16
"""Images of a track that are embedded by default."""

_BEGUN, _LOCK, _IMAGES, _VECTORS = "begun.json", "link.lock", "images.parquet", "vectors"


class Scored(NamedTuple):
    """Scores with identities of one camera alone left out, as the AI City Challenge does, and of all identities."""

    several_cameras: LinkScores
    all_identities: LinkScores


@dataclass(frozen=True, eq=False)
class LinkedTracks:
    """What ``link_tracks`` found and wrote into ``out``.

    Attributes:
        out: The folder.
        tracks: The tracks as read.
        linking: Who is who, of the tracks that have a vector.
        links: camera, track, identity of every track; one without a vector is an identity of its own.
        scores: None without a truth.
        switches: Tracks whose images may be of two individuals.
        failures: Images that could not be embedded.
        warnings: One line each.
    """

    out: Path
    tracks: Tracks
    linking: Linking
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
    settings: LinkSettings | None = None,
    images: int = IMAGES,
    batch: int = BATCH,
    progress: Progress = SILENT,
) -> LinkedTracks:
    """Find which tracks of all cameras are of one individual.

    The same call continues one that was stopped. With other settings, offsets or windows it links again, and embeds
    nothing twice.

    Args:
        source: The tracks, as ``reseen.data.tracks.read_tracks`` takes them, with crops.
        out: The folder to write into.
        embedder: The network.
        truth: The true identities; those in ``source`` where it has some.
        topology: A file of windows, as ``reseen.linking.read_topology`` takes it.
        offsets: Seconds to add to the times of a camera, by its name: where clocks differ.
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
    tracks = read_tracks(source, offsets=offsets)
    windows = () if topology is None else read_topology(topology)
    require_known(windows, tracks.cameras, source=topology)
    true = _truth(source, truth)
    chosen = chosen_images(tracks, images=images)
    _begin(out, tracks, chosen=chosen, embedder=embedder, source=source)
    with file_lock(out / _LOCK, patience=0, advice="wait for it, or choose another folder", keep=True):
        write_atomically(out / _IMAGES, chosen.select("path", "camera", "track").write_parquet)
        job = embed_images(out / _IMAGES, out / _VECTORS, embedder=embedder, batch=batch, progress=progress)
        pooled = _pooled(out / _VECTORS, chosen, tracks)
        linking = link(pooled.sightings, settings=settings, topology=windows)
        links = _all_links(linking, tracks)
        scores = None if true is None else _scored(true, tracks, links)
        warnings = (*tracks.notes, *linking.warnings, *_unseen(links, linking))
        done = LinkedTracks(out, tracks, linking, links, scores, pooled.switches, tuple(job.failures), warnings)
        known = None if true is None else _true_tracks(true, tracks.boxes)
        _write(done, settings, source=str(source), network=embedder.source, truth=known)
    return done


def chosen_images(tracks: Tracks, *, images: int) -> pl.DataFrame:
    """The rows of a track's best images: one of each of so many equal parts of its length, with ``path``."""
    boxes = tracks.boxes.filter(pl.col("image").is_not_null())
    if not tracks.crops or boxes.is_empty():
        raise ReseenError(
            f"{tracks.root}: expected an image of each box alone (a column image, or crops/<track>/<frame>.jpg), got "
            f"{'whole frames' if len(boxes) else 'none'}"
        )
    place = pl.int_range(pl.len()).over("camera", "track")
    length = pl.len().over("camera", "track")
    ranked = boxes.with_columns(
        quality=pl.Series(quality(boxes, tracks.boxes)), share=(place * images / length).floor().cast(pl.Int64)
    ).with_columns(number=pl.int_range(pl.len()))
    best = ranked.sort("quality", descending=True, maintain_order=True).unique(
        ["camera", "track", "share"], keep="first", maintain_order=True
    )
    return (
        best.sort("number")
        .drop("number", "share", "quality")
        .with_columns(path=pl.Series([str(tracks.root / image) for image in best.sort("number")["image"]]))
    )


def _truth(source: Path | str, truth: Path | str | None) -> IdentifiedBoxes | None:
    """The truth that is named, or the one that lies with the tracks."""
    if truth is None:
        folder = Path(source)
        if not folder.is_dir() or next(folder.glob("**/gt/gt.txt"), None) is None:
            return None
        truth = folder
    return IdentifiedBoxes.from_table(read_truth(truth))


def _begin(out: Path, tracks: Tracks, *, chosen: pl.DataFrame, embedder: Embedder, source: Path | str) -> None:
    """Make the folder; one that is there must be of these tracks and this network."""
    rows = chosen.select("camera", "track", "frame", "path").write_csv().encode()
    key = {"tracks": hashlib.sha256(rows).hexdigest()[:16], "network": embedder.fingerprint}
    path = out / _BEGUN
    if path.exists():
        before = migrated("linking", read_json(path), name=str(path))
        for what, said in key.items():
            if before.get(what) != said:
                raise ReseenError(f"{out}: holds a linking of other {what}; choose another folder, or remove this one")
        return
    if out.is_dir() and any(out.iterdir()):
        raise ReseenError(f"{out}: the folder is not empty and holds no linking; choose another")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReseenError(f"{out}: the folder cannot be made: {error.strerror}") from None
    write_json(path, with_format("linking", {**key, "source": str(source), "boxes": len(tracks.boxes)}))


def _pooled(folder: Path, chosen: pl.DataFrame, tracks: Tracks) -> Pooled:
    """The vectors of the job, in the order of the chosen images, pooled by track."""
    parts = [pl.read_parquet(part, columns=["path", "vector"]) for part in sorted(folder.glob(PARTS))]
    if not parts:
        raise ReseenError(f"{folder}: no image of the tracks could be embedded; see {folder / 'failures.csv'}")
    rows = chosen.join(pl.concat(parts).unique("path"), on="path", how="inner", maintain_order="left")
    return pool(rows.drop("vector"), rows["vector"].to_numpy(), spans=tracks.boxes)


def _all_links(linking: Linking, tracks: Tracks) -> pl.DataFrame:
    """Every track, in order; those without a vector get numbers after all others."""
    everything = tracks.boxes.select("camera", "track").unique(maintain_order=True)
    known = everything.join(linking.table(), on=["camera", "track"], how="left", maintain_order="left")
    last = int(linking.identities.max(initial=0))
    alone = pl.col("identity").is_null().cast(pl.Int64).cum_sum() + last
    return known.with_columns(identity=pl.col("identity").fill_null(alone))


def _unseen(links: pl.DataFrame, linking: Linking) -> list[str]:
    missing = len(links) - len(linking.identities)
    return [
        f"{missing} of {len(links)} tracks have no image that could be embedded; each is an identity of its own"
    ] * (missing > 0)


def _scored(truth: IdentifiedBoxes, tracks: Tracks, links: pl.DataFrame) -> Scored:
    named = tracks.boxes.join(links, on=["camera", "track"], how="left", maintain_order="left")
    predicted = IdentifiedBoxes.from_table(named)
    return Scored(score_links(truth, only_in_several_cameras(predicted)), score_links(truth, predicted))


def _true_tracks(truth: IdentifiedBoxes, boxes: pl.DataFrame) -> pl.DataFrame:
    """camera, track, truth: the true identity of each track that has one."""
    every = IdentifiedBoxes.from_table(boxes.with_columns(identity=pl.lit(0)))
    rows = true_tracks(truth, every)
    columns = {"camera": rows.cameras, "track": rows.tracks, "truth": rows.identities}
    return pl.DataFrame({name: pl.Series(values.astype(np.str_), dtype=pl.String) for name, values in columns.items()})


def _write(
    done: LinkedTracks, settings: LinkSettings, *, source: str, network: str, truth: pl.DataFrame | None
) -> None:
    """links.csv and scores.json, then linking.json."""
    write_atomically(done.out / LINKS, done.links.write_csv)
    if done.scores is not None:
        write_json(done.out / SCORES, scores_as_json(done.scores))
    else:
        (done.out / SCORES).unlink(missing_ok=True)
    linking = done.linking
    table = sightings_table(linking, done.links, boxes=done.tracks.boxes, truth=truth)
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
    return {
        **_values(aic),
        "intervals": intervals,
        "rule": "identities that are linked in one camera alone are left out, as the AI City Challenge does",
        "all_identities": _values(every),
    }


def _values(scores: Mapping[str, Estimate | None]) -> dict[str, float | None]:
    return {name: None if value is None else value.value for name, value in scores.items()}
