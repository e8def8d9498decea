"""A linking in a folder, as `reseen link` leaves it, without a network: drawn vectors and images, the real linker."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from drawn_town import Town, drawn_town
from reseen.linking import Linking, Sightings, link
from reseen.linking.record import SCHEMA, doubt_facts, sightings_table

Draw = Callable[..., Image.Image]


def linked_town(folder: Path, draw: Draw, *, truth: bool = True, size: int = 48, **town: Any) -> Path:
    """Link a drawn town of vectors; each track has two images, and every fifth one an image that is gone."""
    drawn = drawn_town(**town)
    folder.mkdir(parents=True)
    return write_linking(folder, _with_images(drawn, folder, draw, size=size), truth=drawn.truth if truth else None)


def write_linking(folder: Path, sightings: Sightings, *, truth: np.ndarray | None = None) -> Path:
    """The files that a page is made from."""
    linking = link(sightings)
    who = None if truth is None else [f"v{number}" for number in truth]
    boxes = _boxes(sightings)
    names = pl.DataFrame({"camera": sightings.cameras, "track": sightings.tracks}, schema_overrides=_TEXT)
    true = None if who is None else names.with_columns(truth=pl.Series(who, dtype=pl.String))
    table = sightings_table(linking, linking.table(), boxes=boxes, truth=true)
    table.write_parquet(folder / "tracks.parquet")
    (folder / "linking.json").write_text(json.dumps(_facts(linking, folder)))
    if truth is not None:
        (folder / "scores.json").write_text(json.dumps(SCORES))
    return folder


def write_nothing(folder: Path) -> Path:
    """A linking of no tracks."""
    folder.mkdir(parents=True)
    pl.DataFrame(schema=SCHEMA).write_parquet(folder / "tracks.parquet")
    (folder / "linking.json").write_text(json.dumps({"images": str(folder), "threshold": "no tracks"}))
    return folder


_TEXT = {"camera": pl.String, "track": pl.String}
_ONES = dict.fromkeys(("idf1", "idp", "idr", "association", "pair_precision", "pair_recall", "purity"), 0.8)
SCORES = {**_ONES, "intervals": {name: [0.7, 0.9] for name in _ONES}, "all_identities": _ONES}


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
    return pl.DataFrame(rows, schema=schema, orient="row")


def _facts(linking: Linking, folder: Path) -> dict[str, object]:
    return {
        "source": "drawn",
        "images": str(folder),
        "network": "none",
        "settings": {"linkage": "average"},
        "threshold": linking.threshold,
        "warnings": list(linking.warnings),
        "windows": [window._asdict() for window in linking.windows],
        "ways": [
            {
                "from": way.origin,
                "to": way.target,
                "median": way.times.median,
                "seconds": way.times.edges.tolist(),
                "links": way.times.links.tolist(),
            }
            for way in linking.ways
        ],
        "switches": [{"camera": "c0", "track": "7", "time": 20.0}],
        "doubts": [doubt_facts(doubt, linking.sightings) for doubt in linking.doubts],
    }
