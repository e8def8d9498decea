"""What is kept of a linking for its page: each sighting with its times, identity, truth and best images.

```
tracks.parquet   a row a sighting: camera, track, begin, end (seconds), identity, truth (null where unknown), and
                 images: best first, each with its path from the folder of images, and its time
```
"""

from collections.abc import Mapping

import polars as pl

from reseen.linking.clock import Times, gaps
from reseen.linking.results import Link, Linking
from reseen.linking.sightings import Sightings

LINKS, SPLITS, SCORES = "links.csv", "splits.csv", "scores.json"
LINKING, TRACKS = "linking.json", "tracks.parquet"
"""The files of a linking."""

IMAGE = pl.Struct({"path": pl.String, "time": pl.Float64})
SCHEMA: Mapping[str, pl.DataType] = {
    "camera": pl.String(),
    "track": pl.String(),
    "begin": pl.Float64(),
    "end": pl.Float64(),
    "identity": pl.Int64(),
    "truth": pl.String(),
    "images": pl.List(IMAGE),
}
"""The columns of tracks.parquet."""


def sightings_table(
    linking: Linking, links: pl.DataFrame, *, boxes: pl.DataFrame, truth: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The rows of tracks.parquet: all sightings in their order, then tracks that have none.

    Args:
        linking: Who is who.
        links: camera, track, identity of every track.
        boxes: Every box with camera, track, time and image.
        truth: camera, track, truth; tracks that it lacks have none.
    """
    seen = _seen(linking).join(_images(linking.sightings, boxes), on="row", how="left")
    spans = boxes.group_by("camera", "track").agg(begin=pl.col("time").min(), end=pl.col("time").max())
    key = ["camera", "track"]
    unseen = links.join(seen, on=key, how="anti", maintain_order="left").join(
        spans, on=key, how="left", maintain_order="left"
    )
    true = pl.DataFrame(schema={**dict.fromkeys(key, pl.String), "truth": pl.String}) if truth is None else truth
    rows = pl.concat([seen.sort("row"), unseen], how="diagonal")
    rows = rows.join(true, on=key, how="left", maintain_order="left")
    return rows.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def doubt_facts(doubt: Link, sightings: Sightings) -> dict[str, object]:
    """A doubtful link as linking.json has it: both tracks, earlier first, and the evidence about them.

    Their kind is told where there are several, as it is of windows and ways.
    """
    between = gaps(*(Times(sightings.begin[[row]], sightings.end[[row]]) for row in (doubt.first, doubt.second)))
    first, second = (doubt.first, doubt.second) if between.forward[0] else (doubt.second, doubt.first)
    similarity = float(sightings.vectors[first] @ sightings.vectors[second])
    return {
        "first": f"{sightings.cameras[first]}/{sightings.tracks[first]}",
        "second": f"{sightings.cameras[second]}/{sightings.tracks[second]}",
        "evidence": round(doubt.evidence, 3),
        "linked": doubt.linked,
        "rows": [first, second],
        "similarity": round(similarity, 3),
        "seconds": round(float(between.seconds[0]), 2),
        **({"kind": sightings.kinds[first]} if len(set(sightings.kinds)) > 1 else {}),
    }


def _seen(linking: Linking) -> pl.DataFrame:
    seen = linking.sightings
    table = (
        linking.table()
        if len(seen)
        else pl.DataFrame(schema={name: SCHEMA[name] for name in ("camera", "track", "identity")})
    )
    times = {"begin": pl.Series(seen.begin, dtype=pl.Float64), "end": pl.Series(seen.end, dtype=pl.Float64)}
    return table.with_columns(**times, row=pl.int_range(pl.len(), dtype=pl.Int64))


def _images(sightings: Sightings, boxes: pl.DataFrame) -> pl.DataFrame:
    """row, images: of the sightings that have some."""
    listed = [
        (row, str(sightings.cameras[row]), str(sightings.tracks[row]), name)
        for row, names in enumerate(sightings.images)
        for name in names
    ]
    schema = {"row": pl.Int64, "camera": pl.String, "track": pl.String, "image": pl.String}
    known = boxes.select("camera", "track", "image", "time").unique(["camera", "track", "image"])
    rows = pl.DataFrame(listed, schema=schema, orient="row").join(
        known, on=["camera", "track", "image"], how="left", maintain_order="left"
    )
    image = pl.struct(pl.col("image").alias("path"), "time").cast(IMAGE)
    return rows.group_by("row", maintain_order=True).agg(images=image)
