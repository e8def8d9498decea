"""Hits by the similarities of a re-ranking, which are taken as they are: equal float32 numbers tie."""

from collections.abc import Iterator

import numpy as np

from reseen.errors import ReseenError
from reseen.metrics.embedded import Vectors
from reseen.metrics.kernels.segments import offsets, owners, ranges, taken
from reseen.metrics.kernels.team import Team
from reseen.metrics.postprocess.rerank import Reranking
from reseen.metrics.protocol import Protocol
from reseen.metrics.ranking.cosine import HitsOfTrial, Ranked
from reseen.metrics.ranking.ranks import Tile, ask, best_of_entries, by_identity, count_values
from reseen.metrics.selection.selection import Selection
from reseen.metrics.selection.trials import Trial, matches_in
from reseen.metrics.similarity import Block


def reranked_hits(query: Vectors, selection: Selection, *, rerank: Reranking, team: Team, device: str) -> HitsOfTrial:
    """How to rank a trial. ReseenError: what ``require_one_gallery`` and the re-ranking refuse."""
    require_one_gallery(selection.protocol)

    def hits(trial: Trial) -> Iterator[Ranked]:
        entries = trial.columns
        starts = offsets(np.diff(selection.starts)[entries])
        pictures = selection.kept[ranges(selection.starts[entries], np.diff(starts))]
        tile = Tile(entries, selection.identities.gallery[entries], starts if starts[-1] > len(entries) else None)
        asked = np.arange(len(query)) if selection.names is None else trial.queries
        blocks = rerank.blocks(
            taken(query, asked),
            taken(selection.gallery, pictures),
            queries=np.searchsorted(asked, trial.queries),
            device=device,
        )
        for block in blocks:
            found = _ranked(Block(asked[block.queries], block.similarity), tile, selection, trial=trial, team=team)
            if len(found.queries):
                yield found

    return hits


def require_one_gallery(protocol: Protocol) -> None:
    """ReseenError where the protocol draws a query's matches outside the trial's gallery."""
    if protocol.shots is not None and protocol.drop_same_camera:
        raise ReseenError(
            f"protocol '{protocol.name}' draws each query's match among other cameras, so no one gallery could be "
            "re-ranked: evaluate without re-ranking"
        )


def _ranked(block: Block, tile: Tile, selection: Selection, *, trial: Trial, team: Team) -> Ranked:
    matches = matches_in(selection, trial, block.queries)
    values = taken(np.ascontiguousarray(block.similarity), np.flatnonzero(np.isin(block.queries, matches.queries)))
    if tile.starts is not None:
        values, tile = best_of_entries(values, tile.starts), tile._replace(starts=None)
    similarity = values[owners(np.diff(matches.first)), np.searchsorted(tile.entries, matches.entries)]
    asked = ask(
        matches,
        similarity.astype(np.float64),
        identities=selection.identities.query[matches.queries],
        margin=0.0,
    )
    hidden = by_identity(tile)
    for contested in team.share(len(values), lambda part: count_values(asked, values[part], hidden, begin=part.start)):
        rivals = tile.entries[contested.columns]
        asked.settle(contested, entries=rivals, similarity=contested.values.astype(np.float64))
    return Ranked(matches.queries, asked.hits())
