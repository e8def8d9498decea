"""Hits by the similarities of a re-ranking, compared as they are: equal float32 numbers tie."""

from collections.abc import Iterator

import numpy as np

from reseen.errors import ReseenError
from reseen.metrics.array_types import Vectors
from reseen.metrics.kernels.ragged import offsets, owners, ranges, take_rows
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.postprocess.rerank import Reranking
from reseen.metrics.protocol import Protocol
from reseen.metrics.ranking.cosine import HitsOfTrial, QueryHits
from reseen.metrics.ranking.ranks import rival_counter
from reseen.metrics.ranking.selection import Selection
from reseen.metrics.ranking.tiles import Tile, best_of_entries, by_identity
from reseen.metrics.ranking.trials import Trial, matches_in
from reseen.metrics.similarity import Block


def reranked_hits(
    query: Vectors, selection: Selection, *, rerank: Reranking, threads: RowThreads, device: str
) -> HitsOfTrial:
    """How to rank a trial. ReseenError: what ``require_one_gallery`` and the re-ranking refuse."""
    require_one_gallery(selection.protocol)

    def hits(trial: Trial) -> Iterator[QueryHits]:
        entries = trial.columns
        starts = offsets(np.diff(selection.starts)[entries])
        images = selection.kept[ranges(selection.starts[entries], np.diff(starts))]
        tile = Tile(entries, selection.identities.gallery[entries], starts if starts[-1] > len(entries) else None)
        queries = np.arange(len(query)) if selection.names is None else trial.queries
        blocks = rerank.blocks(
            take_rows(query, queries),
            take_rows(selection.gallery, images),
            queries=np.searchsorted(queries, trial.queries),
            device=device,
        )
        for rows, similarity in blocks:
            block = Block(queries[rows], similarity)
            ranked = _ranked(block, tile, selection, trial=trial, threads=threads)
            if len(ranked.queries):
                yield ranked

    return hits


def require_one_gallery(protocol: Protocol) -> None:
    """ReseenError where the protocol draws a query's matches outside the trial's gallery."""
    if protocol.shots is not None and protocol.drop_same_camera:
        raise ReseenError(
            f"protocol '{protocol.name}' draws each query's match among other cameras, so no one gallery could be "
            "re-ranked: evaluate without re-ranking"
        )


def _ranked(block: Block, tile: Tile, selection: Selection, *, trial: Trial, threads: RowThreads) -> QueryHits:
    matches = matches_in(selection, trial, block.queries)
    values = take_rows(np.ascontiguousarray(block.similarity), np.flatnonzero(np.isin(block.queries, matches.queries)))
    if tile.starts is not None:
        values, tile = best_of_entries(values, tile.starts), tile._replace(starts=None)
    similarity = values[owners(np.diff(matches.first)), np.searchsorted(tile.entries, matches.entries)]
    identities, ordered = selection.identities.query[matches.queries], by_identity(tile)
    counter = rival_counter(matches, similarity.astype(np.float64), identities=identities, margin=0.0)
    for close_calls in threads.share(len(values), lambda part: counter.count(values[part], ordered, begin=part.start)):
        rivals = tile.entries[close_calls.columns]
        counter.decide(close_calls, entries=rivals, similarity=close_calls.values.astype(np.float64))
    return QueryHits(matches.queries, counter.hits())
