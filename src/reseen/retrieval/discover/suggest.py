"""Whom an added record probably shows: the identity of the most similar named record. Nothing is set."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reseen.match_odds import MatchOdds
from reseen.retrieval.discover.named_searches import NAMED, odds_for
from reseen.retrieval.record import Suggestion
from reseen.retrieval.schema import GalleryModel
from reseen.retrieval.searching import SearchParams, nearest
from reseen.retrieval.store import Store

_CHANGE = 0.1
"""The share by which the number of named records may change before they are searched anew."""


class _Fitted(NamedTuple):
    """The odds of a best match, and how many records had names."""

    named: int
    odds: MatchOdds | None


class Suggester:
    """Suggests identities for the records of one gallery; keeps the odds of a best match."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._fitted: _Fitted | None = None

    def __call__(self, ids: Sequence[str], *, model: GalleryModel) -> dict[str, Suggestion]:
        """Of these records, those without identity, each with the most similar identity, if any record has one.

        It is as probable as the names of the gallery say, or else the calibration of its ``model``.
        """
        rows = self._store.fetch(ids, "vector") if ids else {}
        names = self._store.fetch(ids, "identity") if ids else {}
        unnamed = [id_ for id_ in rows if names[id_] is None]
        if not unnamed:
            return {}
        named = self._store.count(NAMED)
        odds = self._odds(named, model)
        vectors = np.array([rows[id_] for id_ in unnamed], dtype=np.float32)
        found = nearest(self._store, vectors, SearchParams(1, NAMED, None))
        best = {id_: matches[0] for id_, matches in zip(unnamed, found, strict=True) if len(matches)}
        return {
            id_: Suggestion(
                match.identity or "",
                match.id,
                match.similarity,
                odds.probability(match.similarity, records=named) if odds else None,
            )
            for id_, match in best.items()
        }

    def _odds(self, named: int, model: GalleryModel) -> MatchOdds | None:
        fitted = self._fitted
        if fitted is None or abs(named - fitted.named) > _CHANGE * fitted.named:
            fitted = self._fitted = _Fitted(named, odds_for(self._store, model))
        return fitted.odds
