"""evaluate: a query set and a gallery in, one Report out.

Similarity is the cosine, or what a re-ranking makes of it; ties stand in gallery order.
"""

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.metrics.average_precision import find_average_precision
from reseen.metrics.embedded import Embedded
from reseen.metrics.kernels.team import Team
from reseen.metrics.postprocess.rerank import Reranking
from reseen.metrics.protocol import Protocol, find_protocol
from reseen.metrics.ranking.cosine import Cosine, HitsOfTrial
from reseen.metrics.ranking.reranked import reranked_hits
from reseen.metrics.report import Report
from reseen.metrics.scoring import Scored, score
from reseen.metrics.selection.selection import Selection, select
from reseen.metrics.selection.skipping import count_skipped, have_match, nothing_valid
from reseen.metrics.selection.tracks import by_track
from reseen.metrics.selection.trials import draw_trials


def evaluate(
    query: Embedded,
    gallery: Embedded,
    *,
    protocol: str | Protocol = "market1501",
    average_precision: str = "rectangle",
    rerank: Reranking | None = None,
    cmc_length: int = 50,
    device: str = "cpu",
) -> Report:
    """Rank the gallery for every query and score the ranks of the matches.

    Which entries count is the protocol's; an entry or a query of unknown camera never shares one. Identity
    0 is an identity like any other, so distractors stay in every ranking. A query without a valid match is
    skipped. ``rerank``: rank by its similarities instead of the cosine. ``device``: where products are made and
    counted, "cpu" or one of torch's; the scores are the same.

    ReseenError: unknown protocol or average precision, what ``select`` and ``by_track`` refuse, a re-ranking of
    a protocol that draws its matches, no query with a valid match.
    """
    if cmc_length < 10:
        raise ValueError(f"cmc_length: expected at least 10, got {cmc_length}")
    rules, heights = find_protocol(protocol), find_average_precision(average_precision)
    selection = select(query, gallery, protocol=rules)
    selection = by_track(selection, gallery) if rules.tracks else selection
    with Team() as team:
        hits: HitsOfTrial
        if rerank is None:
            hits = Cosine(query.vectors, selection, team=team, device=device).hits
        else:
            hits = reranked_hits(query.vectors, selection, rerank=rerank, team=team, device=device)
        trials = draw_trials(selection)
        scored = score(trials, hits, queries=len(query), heights=heights, depth=rules.depth)
    if not len(scored.first_hits):
        raise ReseenError(nothing_valid(selection, query))
    ranked_by = "cosine" if rerank is None else rerank.describe()
    return _report(
        scored,
        selection,
        cmc=scored.cmc(cmc_length),
        average_precision=average_precision,
        settings=f"{rules.describe()}, {average_precision} average precision, {ranked_by}, ties in gallery order",
    )


def _report(
    scored: Scored, selection: Selection, *, cmc: NDArray[np.float64], average_precision: str, settings: str
) -> Report:
    means, asked = scored.of_trials(scored.precisions), scored.first_hits > 0
    several = len(means) > 1
    return Report(
        mean_average_precision=float(means.mean()),
        mean_inverse_negative_penalty=float(scored.of_trials(scored.penalties).mean()),
        cmc=cmc,
        average_precisions=scored.of_queries(scored.precisions),
        inverse_negative_penalties=scored.of_queries(scored.penalties),
        first_hits=scored.first_hits[asked.argmax(axis=0), np.arange(len(selection))],
        evaluated=int(asked.any(axis=0).sum()),
        skipped=count_skipped(selection, np.flatnonzero(~asked.any(axis=0))),
        protocol=selection.protocol.name,
        average_precision=average_precision,
        settings=settings,
        trials=len(means),
        trial_deviation=float(means.std(ddof=1)) if several else None,
        trial_first_hits=scored.first_hits if several else None,
    )


def require_valid_query(query: Embedded, gallery: Embedded, *, protocol: str | Protocol = "market1501") -> None:
    """ReseenError when no query has a valid match, which the labels alone decide; says which identities and cameras."""
    selection = select(query, gallery, protocol=find_protocol(protocol))
    if not have_match(selection, np.arange(len(query))).any():
        raise ReseenError(nothing_valid(selection, query))
