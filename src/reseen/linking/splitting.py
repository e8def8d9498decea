"""Tracks whose images are of two individuals, as two tracks: one until the switch and one from it on."""

from collections.abc import Sequence

import polars as pl

from reseen.linking.pooling import Switch

_KEY = ["camera", "track"]


def split(boxes: pl.DataFrame, switches: Sequence[Switch], *, among: pl.DataFrame | None = None) -> pl.DataFrame:
    """Name the later parts of tracks that hold two individuals.

    Args:
        boxes: Rows with camera, track and time.
        switches: Where `pool` found that a track changes its individual.
        among: All boxes, where ``boxes`` are some of them, so that parts of both have the same names.

    Returns:
        The rows in their order. ``track`` names parts, as "7 (2)" for the second one of track 7; ``whole`` has the
        names as they were.

    Example:
        >>> rows = pl.DataFrame({"camera": "a", "track": "7", "time": [0.0, 1.0, 2.0]})
        >>> split(rows, [Switch("a", "7", 1.0)])["track"].to_list()
        ['7', '7 (2)', '7 (2)']
    """
    taken = set((boxes if among is None else among).select(_KEY).unique().iter_rows())
    moments = pl.DataFrame(
        [(switch.camera, switch.track, switch.time, _free(switch, taken)) for switch in switches],
        schema={"camera": pl.String, "track": pl.String, "_from": pl.Float64, "_name": pl.String},
        orient="row",
    )
    joined = boxes.join(moments, on=_KEY, how="left", maintain_order="left").with_columns(whole=pl.col("track"))
    late = (pl.col("time") >= pl.col("_from")).fill_null(value=False)
    return joined.with_columns(track=pl.when(late).then(pl.col("_name")).otherwise(pl.col("track"))).drop(
        "_from", "_name"
    )


def parts_of(boxes: pl.DataFrame, identities: pl.DataFrame) -> pl.DataFrame:
    """Each part of each track with its identity, the one with most boxes first.

    Args:
        boxes: As `split` gives them.
        identities: camera, track (parts), identity; a part may be missing.

    Returns:
        camera, track (as it was), begin and end in seconds, boxes, identity (null where missing).
    """
    of_part = boxes.group_by("camera", "track", "whole", maintain_order=True).agg(
        begin=pl.col("time").min(), end=pl.col("time").max(), boxes=pl.len()
    )
    known = of_part.join(identities, on=_KEY, how="left", maintain_order="left").drop("track")
    ranked = known.rename({"whole": "track"}).with_columns(known=pl.col("identity").is_not_null())
    return (
        ranked.sort("camera", "track", "known", "boxes", descending=[False, False, True, True], maintain_order=True)
        .drop("known")
        .select("camera", "track", "begin", "end", "boxes", "identity")
    )


def _free(switch: Switch, taken: set[tuple[str, ...]]) -> str:
    """A name that no track of this camera has."""
    name = f"{switch.track} (2)"
    while (switch.camera, name) in taken:
        name += " (2)"
    taken.add((switch.camera, name))
    return name
