"""How often the best match is right where the answer is known: named records are searched among the others.

N = named records that are searched, S = of them those that search, D = width of the vectors.
"""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from lancedb.expr import col, lit

from reseen.match_odds import MatchOdds
from reseen.metrics.array_types import Bools, Float32, Int64
from reseen.metrics.verification.best_match import match_odds
from reseen.metrics.verification.pair_counts import NearestPairs
from reseen.retrieval.schema import GalleryModel
from reseen.retrieval.store import Rewritten, Store, rows_of

NAMED = col("identity") >= lit("")
"""The records with an identity; an empty column is no string."""
MOST_RECORDS = 50_000
"""Named records beyond which some identities are drawn, with all their records."""
MOST_SEARCHES = 1_000
_BLOCK = 128


class _Named(NamedTuple):
    """(N, D) vectors and (N,) numbers of identities, cameras and images; -1 for a camera or an image without a name."""

    vectors: Float32
    identity: Int64
    camera: Int64
    image: Int64


def odds_for(store: Store, model: GalleryModel) -> MatchOdds | None:
    """The odds by the gallery's names, else by the calibration of its model; None where neither says enough."""
    calibrated = None if model.search is None else model.search.odds
    return odds_of_names(store) or calibrated


def odds_of_names(store: Store) -> MatchOdds | None:
    """The odds of a best match among the named records of a gallery; None where they are too few."""
    return store.read(lambda _: _odds(store.snapshot()))


def _odds(table: Any) -> MatchOdds | None:
    named = _read(table)
    draw = np.random.default_rng(0)
    searches = np.sort(draw.permutation(len(named.vectors))[:MOST_SEARCHES])
    return match_odds(_nearest_of(named, searches), records=max(1, len(named.vectors)))


def _nearest_of(named: _Named, searches: Int64) -> NearestPairs:
    """The nearest record of the own identity that another camera took, and the nearest of another identity.

    Images of one camera follow each other and look alike, so where both cameras are known, the record must be found
    from another. Nor does an image find itself, or another box of itself, whoever that shows.
    """
    genuine, impostor = (np.full(len(searches), -np.inf, dtype=np.float32) for _ in range(2))
    for part in range(0, len(searches), _BLOCK):
        rows = searches[part : part + _BLOCK]
        similarity = named.vectors[rows] @ named.vectors.T
        own = named.identity[rows, None] == named.identity
        same_image = _same(named.image, rows)
        other_view = ~(_same(named.camera, rows) | same_image)
        other_view[np.arange(len(rows)), rows] = False
        genuine[part : part + len(rows)] = np.where(own & other_view, similarity, -np.inf).max(axis=1)
        impostor[part : part + len(rows)] = np.where(own | same_image, -np.inf, similarity).max(axis=1)
    return NearestPairs(named.identity[searches], genuine, impostor)


def _same(labels: Int64, rows: Int64) -> Bools:
    """(N,) labels -> (S, N) whether two are the same known one."""
    return np.asarray((labels[rows, None] == labels) & (labels[rows, None] >= 0))


def _read(table: Any) -> _Named:
    """The named records of a snapshot, or all those of as many identities as fit."""
    blocks = list(rows_of(table, NAMED, columns=["identity"], row_ids=True))
    names = _numbers([block["identity"] for block in blocks])
    row_ids = np.concatenate([block["_rowid"].to_numpy() for block in blocks] or [np.empty(0)]).astype(np.int64)
    kept = row_ids[_kept(names)]
    found = table.take_row_ids(kept.tolist()).select(["vector", "identity", "camera", "picture"]).to_arrow()
    if found.num_rows < len(kept):
        raise Rewritten
    vectors = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    columns = (_numbers(found[name].chunks) for name in ("identity", "camera", "picture"))
    width = found.schema.field("vector").type.list_size
    return _Named(vectors.reshape(found.num_rows, width).astype(np.float32), *columns)


def _kept(names: Int64) -> Int64:
    """The places of all records, or of those of identities drawn at random."""
    if len(names) <= MOST_RECORDS:
        return np.arange(len(names))
    counts = np.bincount(names)
    order = np.random.default_rng(0).permutation(len(counts))
    order = order[counts[order] <= MOST_RECORDS]  # one that does not fit would keep out all that follow
    drawn = order[np.cumsum(counts[order]) <= MOST_RECORDS]
    return np.flatnonzero(np.isin(names, drawn))


def _numbers(blocks: list[pa.Array]) -> Int64:
    """Strings -> their numbers from 0, -1 for none."""
    coded = pa.chunked_array(blocks, pa.string()).combine_chunks().dictionary_encode()
    return np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
