"""What a linking of tracks has found: who is who of all tracks, and how well, where the truth is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import polars as pl

from reseen.data.tracks import Tracks
from reseen.linking import Linking
from reseen.linking.pooling import Switch, kinds_of_tracks
from reseen.linking.splitting import parts_of
from reseen.metrics import IdentifiedBoxes, LinkScores, only_in_several_cameras, score_links
from reseen.metrics.association.grouping import true_tracks
from reseen.retrieval.job import FailedImage


class Scored(NamedTuple):
    """Scores with identities of one camera alone left out, as the AI City Challenge does, and of all identities.

    ``parts``: as the first, with each part of a split track under its own identity; None where no track was split.
    ``kinds``: as the first, of each kind by itself, where the truth knows several.
    """

    several_cameras: LinkScores
    all_identities: LinkScores
    parts: LinkScores | None = None
    kinds: Mapping[str, LinkScores] = MappingProxyType({})


class Truth(NamedTuple):
    """True boxes, and the kind of each, such as person; () where that is not known."""

    boxes: IdentifiedBoxes
    kinds: tuple[str | None, ...] = ()


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


def all_links(linking: Linking, boxes: pl.DataFrame) -> pl.DataFrame:
    """Every track, in order; those without a vector get numbers after all others."""
    longest = parts_of(boxes, linking.table()).unique(["camera", "track"], keep="first", maintain_order=True)
    known = longest.select("camera", "track", "identity")
    last = int(linking.identities.max(initial=0))
    alone = pl.col("identity").is_null().cast(pl.Int64).cum_sum() + last
    return known.with_columns(identity=pl.col("identity").fill_null(alone))


def unseen_notes(links: pl.DataFrame, linking: Linking) -> list[str]:
    """What to say of tracks without a vector, where there are some."""
    missing = int((links["identity"] > linking.identities.max(initial=0)).sum())
    return [
        f"{missing} of {len(links)} tracks have no image that could be embedded; each is an identity of its own"
    ] * (missing > 0)


def scored(truth: Truth, boxes: pl.DataFrame, links: pl.DataFrame, *, of_parts: pl.DataFrame | None) -> Scored:
    """The scores of ``links`` (camera, track, identity); ``of_parts``: the same of parts, where tracks were split."""
    named = boxes.with_columns(track=pl.col("whole"))
    whole = _identified(named, links)
    several, every = _over_cameras(truth.boxes, whole), score_links(truth.boxes, whole)
    parts = None if of_parts is None else _over_cameras(truth.boxes, _identified(boxes, of_parts))
    return Scored(several, every, parts, _scores_of_kinds(truth, named, links))


def _over_cameras(truth: IdentifiedBoxes, found: IdentifiedBoxes) -> LinkScores:
    return score_links(truth, only_in_several_cameras(found))


def _scores_of_kinds(truth: Truth, boxes: pl.DataFrame, links: pl.DataFrame) -> dict[str, LinkScores]:
    """The scores of each kind that the truth and some track name; none where the truth names fewer than two."""
    kinds = kinds_of_tracks(boxes)
    named = boxes.drop("kind", strict=False).join(kinds, on=["camera", "track"], how="left", maintain_order="left")
    true = {kind for kind in truth.kinds if kind is not None}
    shared = sorted(true & set(kinds["kind"])) if len(true) > 1 else []
    return {kind: _of_kind(truth, kind, boxes=named, links=links) for kind in shared}


def _of_kind(truth: Truth, kind: str, *, boxes: pl.DataFrame, links: pl.DataFrame) -> LinkScores:
    """The scores of one kind's true boxes, and of the boxes of tracks of that kind."""
    true = truth.boxes.rows(np.array([own == kind for own in truth.kinds]))
    return _over_cameras(true, _identified(boxes.filter(pl.col("kind") == kind), links))


def _identified(boxes: pl.DataFrame, identities: pl.DataFrame) -> IdentifiedBoxes:
    named = boxes.join(identities, on=["camera", "track"], how="inner", maintain_order="left")
    return IdentifiedBoxes.from_table(named)


def true_identities(truth: IdentifiedBoxes, boxes: pl.DataFrame) -> pl.DataFrame:
    """camera, track, truth: the true identity of each track that has one."""
    every = IdentifiedBoxes.from_table(boxes.with_columns(identity=pl.lit(0)))
    rows = true_tracks(truth, every)
    columns = {"camera": rows.cameras, "track": rows.tracks, "truth": rows.identities}
    return pl.DataFrame({name: pl.Series(values.astype(np.str_), dtype=pl.String) for name, values in columns.items()})
