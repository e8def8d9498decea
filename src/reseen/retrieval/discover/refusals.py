"""Which proposals were refused before, so that they do not come back unless their evidence has changed much."""

from collections.abc import Iterable

from reseen.retrieval.discover.proposal import Proposal

_COMMON = 2 / 3
"""The share of the records of both that are common, from which two proposals are the same."""
_NATS, _SHARE = 1.0, 0.25
"""How much the evidence must have grown, in nats and as a share of what it was, for a refused proposal to come back."""


class Refusals:
    """Call it with a proposal: whether it was refused, and its evidence has not grown much since."""

    def __init__(self, refused: Iterable[Proposal]) -> None:
        self._by_record: dict[str, list[Proposal]] = {}
        self._by_names: dict[frozenset[str | None], list[Proposal]] = {}
        for proposal in refused:
            if _of_two_names(proposal):
                self._by_names.setdefault(_names(proposal), []).append(proposal)
            for record in proposal.records:
                self._by_record.setdefault(record, []).append(proposal)

    def __call__(self, proposal: Proposal) -> bool:
        """Whether it must not come back."""
        if _of_two_names(proposal):
            return any(not _grown(before, proposal) for before in self._by_names.get(_names(proposal), ()))
        similar = {before.id: before for id_ in proposal.records for before in self._by_record.get(id_, ())}
        return any(_alike(before, proposal) and not _grown(before, proposal) for before in similar.values())


def _alike(before: Proposal, proposal: Proposal) -> bool:
    if (before.kind, _names(before)) != (proposal.kind, _names(proposal)):
        return False
    one, other = set(before.records), set(proposal.records)
    return len(one & other) >= _COMMON * len(one | other)


def _grown(before: Proposal, proposal: Proposal) -> bool:
    return proposal.evidence > before.evidence + max(_NATS, _SHARE * abs(before.evidence))


def _of_two_names(proposal: Proposal) -> bool:
    """Whether two identities would become one, which stays the same question whatever records they have."""
    return proposal.kind == "merge" and proposal.identity is not None


def _names(proposal: Proposal) -> frozenset[str | None]:
    return frozenset({proposal.identity, proposal.target})
