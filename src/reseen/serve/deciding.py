"""The routes to decide who is who: proposals that wait, accept, refuse, undo. Only there if the service may decide."""

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain
from typing import Any

from fastapi import APIRouter, Request

from reseen.retrieval.discover import Decision, Decisions, Proposal
from reseen.retrieval.discover.proposal import SHOWN
from reseen.serve.middleware.limits import lift_deadline
from reseen.serve.requests import AcceptParams, PageQuery, ProposalId
from reseen.serve.responses import Decided, NearbyOut, ProposalOut, Proposals, SeenRecord
from reseen.serve.routes import Serving

router = APIRouter()


@router.get("/proposals")
async def proposals(service: Serving, params: PageQuery) -> Proposals:
    """The proposals of `reseen gallery discover` that wait, the most certain first."""
    return await service.read_decisions(partial(_page, first=params.first, count=params.count))


@router.post("/proposals/{id}/accept")
async def accept(service: Serving, request: Request, *, id: ProposalId, params: AcceptParams) -> Decided:  # noqa: A002
    """Give the records of a proposal their identity."""
    lift_deadline(request.scope)
    return await service.decide(lambda decisions: _decided(decisions, decisions.accept(id, name=params.name)))


@router.post("/proposals/{id}/refuse")
async def refuse(service: Serving, request: Request, *, id: ProposalId) -> Decided:  # noqa: A002
    """Leave the records as they are; the proposal does not come back unless its evidence changes much."""
    lift_deadline(request.scope)
    return await service.decide(lambda decisions: _decided(decisions, decisions.refuse(id)))


@router.post("/decisions/undo")
async def undo(service: Serving, request: Request) -> Decided:
    """Undo the last decision that stands."""
    lift_deadline(request.scope)
    return await service.decide(lambda decisions: _decided(decisions, decisions.undo()))


def _page(decisions: Decisions, *, first: int, count: int) -> Proposals:
    waiting = decisions.proposals()
    shown = _as_schemas(decisions, waiting[first : first + count])
    return Proposals(waiting=len(waiting), decided=len(decisions.history()), proposals=shown)


def _decided(decisions: Decisions, decision: Decision) -> Decided:
    (proposal,) = _as_schemas(decisions, [decision.proposal])
    return Decided(what=decision.what, name=decision.name, proposal=proposal)


def _as_schemas(decisions: Decisions, shown: list[Proposal]) -> list[ProposalOut]:
    """With where and when the records were seen that are shown."""
    named = chain.from_iterable(
        (*_first(proposal), *(other.record for other in proposal.nearest)) for proposal in shown
    )
    known = {id_: values._asdict() for id_, values in decisions.seen(sorted(set(named))).items()}
    return [_as_schema(proposal, known) for proposal in shown]


def _as_schema(proposal: Proposal, known: Mapping[str, Mapping[str, Any]]) -> ProposalOut:
    def records(ids: Iterable[str]) -> list[SeenRecord]:
        return [SeenRecord(id=id_, **known.get(id_, {})) for id_ in ids]

    return ProposalOut.of(
        proposal,
        count=len(proposal.records),
        records=records(proposal.records[:SHOWN]),
        beside=records(proposal.beside[:SHOWN]),
        nearest=[
            NearbyOut(id=other.record, similarity=other.similarity, **known.get(other.record, {}))
            for other in proposal.nearest
        ],
    )


def _first(proposal: Proposal) -> tuple[str, ...]:
    return (*proposal.records[:SHOWN], *proposal.beside[:SHOWN])
