"""evaluate: a query set and a gallery in, one Report out.

Q = queries, T = trials. Similarity is the cosine, or what a re-ranking makes of it; ties stand in gallery order.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.metrics.cosine import Cosine, Ranked
from reseen.metrics.embedded import Embedded
from reseen.metrics.labels import Labels
from reseen.metrics.protocol import Protocol, find_protocol
from reseen.metrics.ranking import (
    Heights,
    average_precisions,
    cumulative_matches,
    find_average_precision,
    inverse_negative_penalties,
)
from reseen.metrics.report import Report
from reseen.metrics.rerank import Reranking
from reseen.metrics.reranked import reranked_hits
from reseen.metrics.segments import Rows, cut
from reseen.metrics.selection import OWN_CAMERA, SKIP_REASONS, Selection, select, skip_reasons
from reseen.metrics.team import Team
from reseen.metrics.tracks import by_track
from reseen.metrics.trials import Trial, draw_trials

Values = NDArray[np.float64]

_PAIRS = 4_000_000
"""Pairs of a query and an entry of its identity that are looked at together."""


class _Scored(NamedTuple):
    """Values of each query in each trial, all (T, Q); NaN, and 0 in the hits, where a trial did not evaluate it."""

    precisions: Values
    penalties: Values
    first_hits: Rows


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
    selection = _selection(query, gallery, protocol=rules)
    with Team() as team:
        scored = _scored(
            draw_trials(selection),
            Cosine(query.vectors, selection, team=team, device=device).hits
            if rerank is None
            else reranked_hits(query.vectors, selection, rerank=rerank, team=team, device=device),
            heights=heights,
            selection=selection,
        )
    if scored is None:
        raise ReseenError(_nothing_valid(query, selection))
    asked = scored.first_hits > 0
    means = _mean(scored.precisions, asked, axis=1)
    return Report(
        mean_average_precision=float(means.mean()),
        mean_inverse_negative_penalty=float(_mean(scored.penalties, asked, axis=1).mean()),
        cmc=np.mean([cumulative_matches(hits[hits > 0], length=cmc_length) for hits in scored.first_hits], axis=0),
        average_precisions=_mean(scored.precisions, asked, axis=0),
        inverse_negative_penalties=_mean(scored.penalties, asked, axis=0),
        first_hits=scored.first_hits[asked.argmax(axis=0), np.arange(len(query))],
        evaluated=int(asked.any(axis=0).sum()),
        skipped=_count_skipped(selection, np.flatnonzero(~asked.any(axis=0))),
        protocol=rules.name,
        average_precision=average_precision,
        settings=f"{rules.describe()}, {average_precision} average precision, "
        f"{'cosine' if rerank is None else rerank.describe()}, ties in gallery order",
        trials=len(means),
        trial_deviation=float(means.std(ddof=1)) if len(means) > 1 else None,
        trial_first_hits=scored.first_hits if len(means) > 1 else None,
    )


def require_valid_query(query: Embedded, gallery: Embedded, *, protocol: str | Protocol = "market1501") -> None:
    """ReseenError when no query has a valid match, which the labels alone decide; says which identities and cameras."""
    selection = select(query, gallery, protocol=find_protocol(protocol))
    for part in cut(selection.groups.length, limit=_PAIRS):
        if len(selection.matches(np.arange(len(query))[part]).queries):
            return
    raise ReseenError(_nothing_valid(query, selection))


def _scored(
    trials: Iterable[Trial], hits: Callable[[Trial], Iterator[Ranked]], *, heights: Heights, selection: Selection
) -> _Scored | None:
    """Rank in every trial; those that evaluate no query at all are left out."""
    rows = []
    for trial in trials:
        unknown = np.full((2, len(selection)), np.nan)
        row = _Scored(unknown[0], unknown[1], np.zeros(len(selection), dtype=np.int64))
        for queries, found in hits(trial):
            row.precisions[queries] = average_precisions(found, heights, depth=selection.protocol.depth)
            row.penalties[queries] = inverse_negative_penalties(found)
            row.first_hits[queries] = found.ranks[found.first[:-1]]
        if row.first_hits.any():
            rows.append(row)
    if not rows:
        return None
    precisions, penalties, first_hits = (np.stack(values) for values in zip(*rows, strict=True))
    return _Scored(precisions, penalties, first_hits)


def _mean(values: Values, asked: NDArray[np.bool_], *, axis: int) -> Values:
    """(T, Q) and where it counts -> the mean along the axis, NaN where nothing does."""
    total, count = np.where(asked, values, 0).sum(axis=axis), asked.sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _selection(query: Embedded, gallery: Embedded, *, protocol: Protocol) -> Selection:
    selection = select(query, gallery, protocol=protocol)
    return by_track(selection, gallery) if protocol.tracks else selection


def _count_skipped(selection: Selection, queries: Rows) -> dict[str, int]:
    counts = Counter(skip_reasons(selection, queries).tolist())
    return {reason: counts[reason] for reason in SKIP_REASONS if counts[reason]}


def _nothing_valid(query: Embedded, selection: Selection) -> str:
    reasons = skip_reasons(selection, np.arange(len(query)))
    clauses = []
    for reason in SKIP_REASONS:
        skipped = reasons == reason
        if not skipped.any():
            continue
        cause = f"identities {_first_few(query.identities[skipped])}"
        if reason == OWN_CAMERA and query.cameras is not None:
            cause += f"; cameras {_first_few(query.cameras[skipped])}"
        clauses.append(f"{skipped.sum()} with {reason} ({cause})")
    name = selection.protocol.name
    return f"none of {len(query)} queries has a valid match under '{name}': {', '.join(clauses)}"


def _first_few(values: Labels, *, count: int = 5) -> str:
    names = [str(value) for value in np.unique(values)]
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return f"{', '.join(names[:count])}{more}"
