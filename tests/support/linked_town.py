"""A linking in a folder, without a network: drawn vectors and images, the real linker, the files of `reseen link`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from drawn_town import Town, drawn_town
from reseen.data.tracks import Tracks
from reseen.linking import Linking, LinkSettings, Sightings, link
from reseen.linking.pooling import Switch
from reseen.linking.record import SCHEMA
from reseen.metrics import Estimate, LinkScores
from reseen.retrieval import linked_files
from reseen.retrieval.linked_tracks import LinkedTracks, Scored

Draw = Callable[..., Image.Image]


def linked_town(folder: Path, draw: Draw, *, truth: bool = True, size: int = 48, **town: Any) -> Path:
    """Link a drawn town of vectors; each track has two images, and every fifth one an image that is gone."""
    drawn = drawn_town(**town)
    folder.mkdir(parents=True)
    return write_linking(folder, _with_images(drawn, folder, draw, size=size), truth=drawn.truth if truth else None)


def write_linking(folder: Path, sightings: Sightings, *, truth: np.ndarray | None = None) -> Path:
    """The files that a page is made from, as `reseen link` writes them, with scores of one value."""
    linking, boxes = link(sightings), _boxes(sightings)
    done = LinkedTracks(
        out=folder,
        tracks=Tracks(boxes, root=folder.absolute(), crops=True),
        linking=linking,
        boxes=boxes,
        links=linking.table(),
        scores=None if truth is None else Scored(SCORES, SCORES),
        switches=(Switch("c0", "7", 20.0),),
        failures=(),
        warnings=linking.warnings,
    )
    linked_files.write_linking(done, LinkSettings(), source="drawn", network="none", truth=_true(linking, truth))
    return folder


def write_nothing(folder: Path) -> Path:
    """A linking of no tracks."""
    folder.mkdir(parents=True)
    pl.DataFrame(schema=SCHEMA).write_parquet(folder / "tracks.parquet")
    (folder / "linking.json").write_text(json.dumps({"images": str(folder), "threshold": "no tracks"}))
    return folder


_TEXT = {"camera": pl.String, "track": pl.String}
SCORES = LinkScores(*[Estimate(0.8, 0.7, 0.9)] * len(LinkScores._fields))


def _with_images(town: Town, folder: Path, draw: Draw, *, size: int) -> Sightings:
    seen, images = town.sightings, []
    for row, who in enumerate(town.truth):
        names = [f"{who % 20}-{row % 40}-{shot}.jpg" for shot in range(2)]
        for shot, name in enumerate(names):
            if not (folder / name).exists():
                draw(int(who) % 20, shot, size=size).save(folder / name)
        images.append((*names, "gone.jpg") if row % 5 == 0 else tuple(names))
    return Sightings(seen.cameras, seen.tracks, seen.begin, seen.end, seen.vectors, images=tuple(images))


def _boxes(seen: Sightings) -> pl.DataFrame:
    rows = [
        (str(seen.cameras[row]), str(seen.tracks[row]), name, float(seen.begin[row]) + shot)
        for row in range(len(seen))
        for shot, name in enumerate(seen.images[row] if seen.images else ())
    ]
    schema = {**_TEXT, "image": pl.String, "time": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(whole=pl.col("track"))


def _true(linking: Linking, truth: np.ndarray | None) -> pl.DataFrame | None:
    """camera, track, truth of each sighting."""
    if truth is None:
        return None
    return linking.table().select(
        "camera", "track", truth=pl.Series([f"v{number}" for number in truth], dtype=pl.String)
    )
