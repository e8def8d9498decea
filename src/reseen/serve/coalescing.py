"""Combines concurrent searches and additions into as few calls of the gallery as possible.

D = width of the vectors.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.data.opening import ImageError
from reseen.errors import ReseenError
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Matches, Record

_COMMITS_TO_COMPACT = 500
"""Commits after which their small files are merged, because many files slow searches down."""


class Query(NamedTuple):
    """A vector (D,) and the other arguments of `Gallery.search`."""

    vector: NDArray[np.float32]
    options: Mapping[str, Any]


class ConflictError(ReseenError):
    """The gallery cannot store this now: a field of another type, another writer, or a full disk."""


def search_together(gallery: Gallery, queries: Sequence[Query]) -> Sequence[Matches | Exception]:
    """Each query's matches. Queries with equal options share one call, which costs little more than a single query."""
    groups: dict[str, list[int]] = {}
    for place, query in enumerate(queries):
        groups.setdefault(repr(query.options), []).append(place)
    results: dict[int, Matches | Exception] = {}
    for places in groups.values():
        vectors, options = np.stack([queries[place].vector for place in places]), queries[places[0]].options
        try:
            results |= zip(places, gallery.search(vectors, **options), strict=True)
        except ReseenError as error:
            results |= dict.fromkeys(places, error)
    return [results[place] for place in range(len(queries))]


class Adder:
    """Adds records and returns the id of each, or the error."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self._commits = 0

    def __call__(self, records: Sequence[Record]) -> Sequence[str | Exception]:
        """One commit for all records without free fields, and one for each with some, which may not fit."""
        if self._commits >= _COMMITS_TO_COMPACT:
            self._commits = 0
            self._gallery.compact_beside()
        plain = [place for place, record in enumerate(records) if not record.fields]
        alone = [[place] for place, record in enumerate(records) if record.fields]
        results: dict[int, str | Exception] = {}
        for places in [plain, *alone] if plain else alone:
            results |= zip(places, self._committed([records[place] for place in places]), strict=True)
        return [results[place] for place in range(len(records))]

    def _committed(self, records: Sequence[Record]) -> Sequence[str | Exception]:
        self._commits += 1
        try:
            added = self._gallery.add(records, on_error="skip")
        except ReseenError as error:
            return [ConflictError(str(error))] * len(records)
        reasons = {failure.place: ImageError(failure.reason) for failure in added.failures}
        return [reasons[place] if kept is None else kept for place, kept in enumerate(added.ids)]
