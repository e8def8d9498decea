"""The maps of pairs of a query and an entry, of a run's model."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from reseen.data.table import Split
from reseen.draw.overlay import Values
from reseen.explain.map_sheet import ExplainedPair
from reseen.explain.maps import Maps, PairMaps, contrast_maps, similarity_maps, summed
from reseen.explain.pairs import RankedPair
from reseen.explain.run_model import RunModel
from reseen.progress import Progress

BATCH = 16
"""Pairs in one batch."""


def explain_pairs(
    run_model: RunModel,
    pairs: Sequence[RankedPair],
    gallery: Split,
    *,
    method: str,
    stage: str | None = None,
    progress: Progress,
) -> list[ExplainedPair]:
    """The maps of pairs whose entries are rows of ``gallery``; in their order."""
    explained: list[ExplainedPair] = []
    with progress.bar("explain pairs", total=len(pairs)) as bar:
        for query_set, group in groupby(pairs, key=attrgetter("queries")):
            of_table = list(group)
            for start in range(0, len(of_table), BATCH):
                batch = of_table[start : start + BATCH]
                query = run_model.inputs(query_set.split, [pair.row for pair in batch])
                match = run_model.inputs(gallery, [pair.entry for pair in batch])
                maps = similarity_maps(run_model.model, query, match, method=method, stage=stage)
                explained += [_of_pair(pair, maps, place) for place, pair in enumerate(batch)]
                bar.advance(len(batch))
    return [_with_contrast(pair, run_model, gallery, method=method, stage=stage) for pair in explained]


def _of_pair(pair: RankedPair, maps: PairMaps, place: int) -> ExplainedPair:
    return ExplainedPair(
        pair,
        shares=maps.shares[place].cpu().numpy(),
        query=_with_sum(maps.query, place),
        match=_with_sum(maps.match, place),
    )


def _with_sum(maps: Maps, place: int) -> tuple[Values, ...]:
    """The maps of one image: the sum, then each branch if there are several."""
    branches = maps if len(maps) > 1 else ()
    return tuple(values[place].cpu().numpy() for values in (summed(maps), *branches))


def _with_contrast(
    explained: ExplainedPair, run_model: RunModel, gallery: Split, *, method: str, stage: str | None
) -> ExplainedPair:
    """The pair; if another entry ranks first, with a map of what speaks for the match rather than for that entry."""
    pair = explained.pair
    if pair.rival is None:
        return explained
    query = run_model.inputs(pair.queries.split, [pair.row])
    match, rival = (run_model.inputs(gallery, [entry]) for entry in (pair.entry, pair.rival))
    maps = contrast_maps(run_model.model, query, match, other=rival, method=method, stage=stage)
    return replace(explained, contrast=summed(maps)[0].cpu().numpy())
