"""What many callers ask of a gallery at once, in as few calls of it as can be.

D = width of the vectors.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.data.opening import PictureError
from reseen.errors import ReseenError
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Matches, Record

_COMMITS_TO_COMPACT = 500
"""After so many commits their small files are merged, lest searching slow down."""


class Query(NamedTuple):
    """A vector (D,), and what else `Gallery.search` is told."""

    vector: NDArray[np.float32]
    wishes: Mapping[str, Any]


class ConflictError(ReseenError):
    """What the gallery does not take as it is: its fields, its lock and its disk have a say."""


def search_alike(gallery: Gallery, queries: Sequence[Query]) -> Sequence[Matches | Exception]:
    """Each query's matches; those of the same wishes go in one call, which costs little more than one of them."""
    alike: dict[str, list[int]] = {}
    for place, query in enumerate(queries):
        alike.setdefault(repr(query.wishes), []).append(place)
    results: dict[int, Matches | Exception] = {}
    for places in alike.values():
        vectors, wishes = np.stack([queries[place].vector for place in places]), queries[places[0]].wishes
        try:
            results |= zip(places, gallery.search(vectors, **wishes), strict=True)
        except ReseenError as error:
            results |= dict.fromkeys(places, error)
    return [results[place] for place in range(len(queries))]


class Adder:
    """Adds records, and gives each one's id or why it has none."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self._commits = 0

    def __call__(self, records: Sequence[Record]) -> Sequence[str | Exception]:
        """One commit for all, but for those with free fields, which may not fit the gallery's and go alone."""
        if self._commits >= _COMMITS_TO_COMPACT:
            self._commits = 0
            with suppress(ReseenError):  # another process writes; there will be a next time
                self._gallery.compact()
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
        reasons = {failure.place: PictureError(failure.reason) for failure in added.failures}
        return [reasons[place] if kept is None else kept for place, kept in enumerate(added.ids)]
