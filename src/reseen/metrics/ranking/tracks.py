"""Tracks as gallery entries, each with its images; tracks that do not fit are refused."""

from dataclasses import replace

import numpy as np

from reseen.errors import ReseenError
from reseen.metrics.array_types import Indices
from reseen.metrics.embedded import Embedded
from reseen.metrics.kernels.ragged import offsets
from reseen.metrics.labels import Codes, Labels, known
from reseen.metrics.ranking.selection import Selection, group


def by_track(selection: Selection, gallery: Embedded) -> Selection:
    """A selection of images -> the same of tracks, in the order of their first images.

    ReseenError: no tracks, an image without one, or a track of several identities or cameras.
    """
    tracks = _known_tracks(selection, gallery)
    _, first, number = np.unique(tracks, return_index=True, return_inverse=True)
    place = np.argsort(np.argsort(first))[number]
    order = np.argsort(place, kind="stable")
    starts = offsets(np.bincount(place))
    firsts = order[starts[:-1]]
    for what, codes in (("identities", selection.identities), ("cameras", selection.cameras)):
        _require_one(codes.gallery, codes.gallery[firsts][place], tracks=tracks, what=what)
    identities = _of(selection.identities, firsts)
    return replace(
        selection,
        kept=selection.kept[order],
        starts=starts,
        identities=identities,
        cameras=_of(selection.cameras, firsts),
        names=None if selection.names is None else _of(selection.names, firsts),
        groups=group(identities, junk=selection.query_junk),
    )


def _of(codes: Codes, entries: Indices) -> Codes:
    return Codes(codes.query, codes.gallery[entries])


def _known_tracks(selection: Selection, gallery: Embedded) -> Labels:
    name = selection.protocol.name
    if gallery.tracks is None:
        raise ReseenError(f"protocol '{name}' needs tracks, and the gallery has none: add a column 'track' to it")
    tracks = gallery.tracks[selection.kept]
    without = np.flatnonzero(~known(tracks))
    if len(without):
        raise ReseenError(
            f"protocol '{name}' needs tracks, and {len(without)} of {len(tracks)} gallery images have none, "
            f"first at row {selection.kept[without[0]]}"
        )
    return tracks


def _require_one(values: Indices, of_first: Indices, *, tracks: Labels, what: str) -> None:
    """Every image of a track has the value of its first."""
    mixed = np.flatnonzero(values != of_first)
    if len(mixed):
        raise ReseenError(
            f"track {tracks[mixed[0]]} has images of several {what}: a track is one identity in one camera, "
            "and its name stands once among all"
        )
