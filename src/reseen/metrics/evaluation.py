"""evaluate: query and gallery embeddings in, one Report out.

Similarity is the cosine, or that of a re-ranking; ties stand in gallery order.
"""

import numpy as np

from reseen.errors import ReseenError
from reseen.metrics.array_types import Float64
from reseen.metrics.average_precision import find_precision_rule
from reseen.metrics.embedded import Embedded
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.postprocess.rerank import Reranking
from reseen.metrics.protocol import Protocol, find_protocol
from reseen.metrics.ranking.cosine import Cosine, HitsOfTrial
from reseen.metrics.ranking.reranked import reranked_hits
from reseen.metrics.ranking.selection import Selection, select
from reseen.metrics.ranking.skipping import count_skipped, have_match, nothing_valid
from reseen.metrics.ranking.tracks import by_track
from reseen.metrics.ranking.trials import draw_trials
from reseen.metrics.report import Report
from reseen.metrics.trial_scores import TrialScores, score_trials


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

    The protocol says which entries count; an entry or a query of unknown camera shares its camera with no other.
    Identity 0 is an identity like any other, so distractors stay in every ranking. A query without a valid match is
    skipped.

    Args:
        query: The Q images to search for.
        gallery: The G images to search among.
        protocol: A name of ``PROTOCOLS``, or a ``Protocol`` such as ``custom_protocol`` makes.
        average_precision: A name of ``AVERAGE_PRECISIONS``.
        rerank: Rank by the similarities of a re-ranking, such as ``KReciprocal()``, instead of the cosine.
        cmc_length: Ranks in ``Report.cmc``, at least 10.
        device: Where similarities are computed and counted: "cpu", or a device of torch. The scores are the same.

    Returns:
        Scores as fractions, and the values of each query.

    Raises:
        ReseenError: Unknown protocol or average precision, labels or tracks that do not fit the protocol, a
            re-ranking under a protocol that draws its matches, or no query with a valid match.
        ValueError: ``cmc_length`` below 10.

    Example:
        >>> query = Embedded([[1.0, 0.0], [0.0, 1.0]], ["ann", "bob"])
        >>> gallery = Embedded([[1.0, 0.9], [1.0, 0.1], [0.8, 1.0]], ["ann", "bob", "bob"])
        >>> report = evaluate(query, gallery, protocol="wildlife")
        >>> report.rank1, round(report.mean_average_precision, 3)
        (0.5, 0.667)
    """
    if cmc_length < 10:
        raise ValueError(f"cmc_length: expected at least 10, got {cmc_length}")
    rules, precision_rule = find_protocol(protocol), find_precision_rule(average_precision)
    selection = select(query, gallery, protocol=rules)
    selection = by_track(selection, gallery) if rules.tracks else selection
    with RowThreads() as threads:
        hits = _hits(query, selection, rerank=rerank, threads=threads, device=device)
        trials = draw_trials(selection)
        scores = score_trials(trials, hits, queries=len(query), precision_rule=precision_rule, depth=rules.depth)
    if not len(scores.first_hits):
        raise ReseenError(nothing_valid(selection, query))
    ranked_by = "cosine" if rerank is None else rerank.describe()
    return _report(
        scores,
        selection,
        cmc=scores.cmc(cmc_length),
        precision_rule=average_precision,
        settings=f"{rules.describe()}, {average_precision} average precision, {ranked_by}, ties in gallery order",
    )


def _hits(
    query: Embedded, selection: Selection, *, rerank: Reranking | None, threads: RowThreads, device: str
) -> HitsOfTrial:
    """What ranks the gallery: the cosine, or the similarities of a re-ranking."""
    if rerank is None:
        return Cosine(query.vectors, selection, threads=threads, device=device).hits
    return reranked_hits(query.vectors, selection, rerank=rerank, threads=threads, device=device)


def _report(scores: TrialScores, selection: Selection, *, cmc: Float64, precision_rule: str, settings: str) -> Report:
    means, evaluated = scores.of_trials(scores.precisions), scores.first_hits > 0
    several = len(means) > 1
    return Report(
        mean_average_precision=float(means.mean()),
        mean_inverse_negative_penalty=float(scores.of_trials(scores.penalties).mean()),
        cmc=cmc,
        average_precisions=scores.of_queries(scores.precisions),
        inverse_negative_penalties=scores.of_queries(scores.penalties),
        first_hits=scores.first_hits[evaluated.argmax(axis=0), np.arange(len(selection))],
        evaluated=int(evaluated.any(axis=0).sum()),
        skipped=count_skipped(selection, np.flatnonzero(~evaluated.any(axis=0))),
        protocol=selection.protocol.name,
        precision_rule=precision_rule,
        settings=settings,
        trials=len(means),
        trial_deviation=float(means.std(ddof=1)) if several else None,
        trial_first_hits=scores.first_hits if several else None,
    )


def require_valid_query(query: Embedded, gallery: Embedded, *, protocol: str | Protocol = "market1501") -> None:
    """Check that a query has a valid match, which the labels alone decide.

    Args:
        query: The images to search for.
        gallery: The images to search among.
        protocol: A name of ``PROTOCOLS`` or a ``Protocol``.

    Raises:
        ReseenError: No query has one; the message names identities and cameras.

    Example:
        >>> ann, bob = Embedded([[1.0]], ["ann"]), Embedded([[1.0]], ["bob"])
        >>> require_valid_query(ann, bob, protocol="wildlife")
        Traceback (most recent call last):
        reseen.errors.ReseenError: none of 1 queries has a valid match under 'wildlife': 1 with identity not in the \
gallery (identities ann)
    """
    selection = select(query, gallery, protocol=find_protocol(protocol))
    if not have_match(selection, np.arange(len(query))).any():
        raise ReseenError(nothing_valid(selection, query))
