"""Looks at a gallery and proposes: whom to name, what to merge and what to split. Nothing is changed.

N = records, R = records of a proposal.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pyarrow.compute as pc

from reseen.errors import ReseenError
from reseen.match_odds import MatchOdds
from reseen.metrics.array_types import Int64
from reseen.progress import SILENT, Bar, Progress
from reseen.retrieval.discover.groups import unnamed_groups
from reseen.retrieval.discover.identities import Draft, of_groups, of_identities, of_splits
from reseen.retrieval.discover.judge import Judge, judge_records
from reseen.retrieval.discover.named_searches import odds_for
from reseen.retrieval.discover.neighbours import NearRecords, Records, index_facts, near_records, read_records
from reseen.retrieval.discover.proposal import SHOWN, Discovery, Nearby, Proposal, proposal_id
from reseen.retrieval.schema import GalleryModel
from reseen.retrieval.store import Store

_STEPS = 4
_NEAREST = 3


@dataclass(frozen=True, kw_only=True)
class DiscoverSettings:
    """How to look for proposals.

    Attributes:
        least: The fewest records of a group to name and of a part to split off.
        neighbours: The nearest records of each that are looked at.
        caution: Nats of evidence that a proposal needs; above 0 there are fewer and more certain ones.
        most: The most proposals, of which the most certain are kept.

    Example:
        >>> DiscoverSettings(least=3).neighbours
        24
    """

    least: int = 2
    neighbours: int = 24
    caution: float = 0.0
    most: int = 1000

    def __post_init__(self) -> None:
        for name, fewest in (("least", 2), ("neighbours", 2), ("caution", 0), ("most", 1)):
            if not getattr(self, name) >= fewest:
                raise ReseenError(f"discover: {name}: expected at least {fewest}, got {getattr(self, name)}")


DEFAULTS = DiscoverSettings()


def propose(
    store: Store,
    *,
    model: GalleryModel,
    settings: DiscoverSettings = DEFAULTS,
    refused: Callable[[Proposal], bool] = lambda _: False,
    progress: Progress = SILENT,
) -> Discovery:
    """The proposals for a store, but for those that are ``refused``."""
    with store.errors(), progress.bar("discover", total=_STEPS) as bar:
        table = store.snapshot()
        records = read_records(table)
        unnamed = int((records.identity < 0).sum())
        if len(records.vectors) < 2:
            return Discovery((), len(records.vectors), unnamed, len(records.names), "too few records")
        bar.advance(note="nearest records")
        near = near_records(table, records, count=settings.neighbours, facts=index_facts(store))
        judge = judge_records(records, near, model=model)
        drafts = _drafts(records, near, judge=judge, settings=settings, bar=bar)
        odds = odds_for(store, model) if any(map(_joins_identity, drafts)) else None
        made = map(partial(_proposal, records=records, near=near, judge=judge, odds=odds), drafts)
        found = _first((proposal for proposal in made if not refused(proposal)), settings.most)
    return Discovery(found, len(records.vectors), unnamed, len(records.names), judge.source)


def _drafts(records: Records, near: NearRecords, *, judge: Judge, settings: DiscoverSettings, bar: Bar) -> list[Draft]:
    """All drafts with enough evidence, the most certain first."""
    bar.advance(note="groups")
    groups = unnamed_groups(records, near, judge, caution=settings.caution)
    bar.advance(note="identities")
    drafts = chain(
        of_groups(records, near, groups=groups, judge=judge),
        of_identities(records, near, judge=judge),
        of_splits(records, judge=judge, least=settings.least) if judge.splits else (),
    )
    wanted = [draft for draft in drafts if draft.evidence > settings.caution and _large(draft, settings.least)]
    bar.advance()
    return sorted(wanted, key=lambda draft: (-draft.evidence, int(draft.rows[0])))


def _large(draft: Draft, least: int) -> bool:
    return draft.kind == "merge" or len(draft.rows) >= least


def _first(proposals: Iterable[Proposal], most: int) -> tuple[Proposal, ...]:
    """Of a record that stands in several proposals, only the most certain one changes it."""
    taken: set[str] = set()
    found: list[Proposal] = []
    for proposal in proposals:
        if not taken.intersection(proposal.records):
            taken.update(proposal.records)
            found.append(proposal)
        if len(found) == most:
            break
    return tuple(found)


def _proposal(draft: Draft, *, records: Records, near: NearRecords, judge: Judge, odds: MatchOdds | None) -> Proposal:
    rows = _typical_first(records, draft.rows)
    ids = tuple(records.ids.take(rows).to_pylist())
    identity, target = (None if name < 0 else records.names[name] for name in (draft.identity, draft.target))
    beside = _most_similar(records, draft.beside, to=rows)[:SHOWN]
    times = pc.min_max(records.time.take(rows)).as_py()
    similarity = min(max(judge.similarity(-draft.evidence if draft.kind == "split" else draft.evidence), -1.0), 1.0)
    return Proposal(
        id=proposal_id(draft.kind, ids, identity=identity, target=target),
        kind=draft.kind,
        records=ids,
        identity=identity,
        target=target,
        beside=tuple(records.ids.take(beside).to_pylist()),
        beside_count=len(draft.beside),
        similarity=similarity,
        probability=_probability(draft, similarity, records=records, judge=judge, odds=odds),
        evidence=draft.evidence,
        cameras=tuple(sorted(set(records.camera.take(rows).drop_null().to_pylist()))),
        earliest=times["min"],
        latest=times["max"],
        nearest=tuple(_nearest(draft, records, near)),
    )


def _probability(
    draft: Draft, similarity: float, *, records: Records, judge: Judge, odds: MatchOdds | None
) -> float | None:
    """None for identities that would be merged or split: how often names are wrong is not known."""
    if draft.kind == "name":
        return judge.probability(draft.evidence)
    if odds is None or not _joins_identity(draft):
        return None
    return odds.probability(similarity, records=int((records.identity >= 0).sum()))


def _joins_identity(draft: Draft) -> bool:
    """Whether records without identity would get one that there is."""
    return draft.kind == "merge" and draft.identity < 0


def _nearest(draft: Draft, records: Records, near: NearRecords) -> Iterator[Nearby]:
    """The most similar record of each other identity, and one without identity, as far as the lists go."""
    others, similarity = near.rows[draft.rows].reshape(-1), near.similarity[draft.rows].reshape(-1)
    order = np.argsort(-similarity, kind="stable")
    seen = {draft.identity, draft.target} - {-1}
    own: set[Any] = {*draft.rows.tolist(), *draft.beside.tolist()}
    count = 0
    for row, value in zip(others[order].tolist(), similarity[order].tolist(), strict=True):
        name = int(records.identity[row])
        if row < 0 or row in own or name in seen:
            continue
        seen.add(name)
        yield Nearby(None if name < 0 else records.names[name], records.ids[row].as_py(), value)
        count += 1
        if count == _NEAREST:
            return


def _typical_first(records: Records, rows: Int64) -> Int64:
    vectors = records.vectors[rows]
    return rows[np.argsort(-(vectors @ vectors.mean(axis=0)), kind="stable")]


def _most_similar(records: Records, rows: Int64, *, to: Int64) -> Int64:
    return rows[np.argsort(-(records.vectors[rows] @ records.vectors[to].mean(axis=0)), kind="stable")]
