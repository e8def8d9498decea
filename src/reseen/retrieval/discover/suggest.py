"""Whom an added record probably shows: the identity of the most similar named record. Nothing is set."""

from collections.abc import Sequence

import numpy as np
from lancedb.expr import col, lit

from reseen.retrieval.discover.files import FOLDER, read_stored
from reseen.retrieval.discover.judge import Judge, by_calibration
from reseen.retrieval.record import Suggestion
from reseen.retrieval.schema import GalleryModel
from reseen.retrieval.searching import SearchParams, nearest
from reseen.retrieval.store import Store


def suggestions(store: Store, ids: Sequence[str], *, model: GalleryModel) -> dict[str, Suggestion]:
    """Of these records, those without identity, each with the identity that it probably has, if any record has one."""
    rows = store.fetch(ids, "vector") if ids else {}
    names = store.fetch(ids, "identity") if ids else {}
    unnamed = [id_ for id_ in rows if names[id_] is None]
    if not unnamed:
        return {}
    judge = _judge(store, model)
    vectors = np.array([rows[id_] for id_ in unnamed], dtype=np.float32)
    named = col("identity") >= lit("")  # an empty column is no string
    found = nearest(store, vectors, SearchParams(1, named, None))
    best = {id_: matches[0] for id_, matches in zip(unnamed, found, strict=True) if len(matches)}
    return {
        id_: Suggestion(match.identity or "", match.id, match.similarity, _probability(judge, match.similarity))
        for id_, match in best.items()
    }


def _probability(judge: Judge | None, similarity: float) -> float | None:
    return None if judge is None else judge.probability(float(judge.evidence(similarity)))


def _judge(store: Store, model: GalleryModel) -> Judge | None:
    """How the last look at the gallery judged, if by names; else by the model's calibration."""
    kept = None if store.folder is None else read_stored(store.folder / FOLDER, name=store.uri).judge
    if kept is not None and kept.calibrated:
        return kept
    return by_calibration(model, records=store.read(lambda table: int(table.count_rows())))
