"""Decides proposals of a gallery: accept, refuse, undo. Names are written by one commit of the gallery each.

```
GALLERY/discover/
  proposals.json   what the last look at the gallery proposed
  decisions.jsonl  the journal
  lock             held while something is decided
```
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

from reseen.errors import ReseenError, unknown
from reseen.file_lock import file_lock
from reseen.retrieval.discover.files import JOURNAL, LOCK, Stored, discover_folder, read_stored
from reseen.retrieval.discover.holdings import Seen, identities_of, known_identities, seen
from reseen.retrieval.discover.journal import Decision, Journal, Steps, What, now
from reseen.retrieval.discover.proposal import Proposal, counted
from reseen.retrieval.store import Store
from reseen.retrieval.updating import update_records

_LONGEST = 200


class _State(NamedTuple):
    stored: Stored
    steps: Steps


class Decisions:
    """The proposals of a gallery that wait for a decision, and what was decided.

    Every call reads the files anew, so several processes may decide in turns.

    Args:
        store: The gallery's store; `Gallery.decisions` gives it.

    Raises:
        ReseenError: The gallery is in an object store.

    Example (not run):
        ```python
        gallery = reseen.Gallery("cars")
        gallery.discover()
        decisions = gallery.decisions()
        for proposal in decisions.proposals():
            print(proposal.id, proposal.text, proposal.probability)
        decisions.accept(proposal.id, name="van 12")
        decisions.undo()
        ```
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = discover_folder(store)
        self._journal = Journal(self._folder / JOURNAL)

    def proposals(self) -> list[Proposal]:
        """What waits for a decision, the most certain first; without those whose records have changed since."""
        waiting = self._waiting(self._state())
        ids = [id_ for proposal in waiting for id_ in proposal.records]
        names = [proposal.target for proposal in waiting if proposal.target is not None]
        held = self._store.read(lambda table: identities_of(table, ids))
        targets = self._store.read(lambda table: known_identities(table, names))
        return [proposal for proposal in waiting if not _stale(proposal, held, targets)]

    def seen(self, ids: Sequence[str]) -> dict[str, Seen]:
        """Where and when records were seen, of those that are there."""
        return self._store.read(lambda table: seen(table, ids))

    def history(self) -> list[Decision]:
        """What was accepted and refused, in order, without what was undone."""
        return list(self._journal.steps().live)

    def accept(self, id: str, *, name: str | None = None) -> Decision:  # noqa: A002 - what proposals call it
        """Give the records of a proposal their identity.

        Args:
            id: The proposal's.
            name: The identity they get. By default the target's; where a new name is needed, "individual N" or, for
                what is split off, the identity with a number.

        Raises:
            ReseenError: There is no such proposal, it was decided, its records have changed since, or another process
                is deciding or writing.
        """
        with self._deciding() as state:
            proposal = self._waiting_one(id, state)
            with self._store.writing() as table:
                self._refuse_stale(table, proposal)
                decision = self._step(state, "accept", proposal, name=self._chosen(table, proposal, name))
                self._journal.begin(decision)
                update_records(table, proposal.records, {"identity": decision.name})
            self._journal.end()
        return decision

    def refuse(self, id: str) -> Decision:  # noqa: A002
        """Leave the records as they are, and do not propose it again unless its evidence changes much.

        Raises ReseenError as `accept` does.
        """
        with self._deciding() as state:
            decision = self._step(state, "refuse", self._waiting_one(id, state), name=None)
            self._journal.begin(decision)
            self._journal.end()
        return decision

    def undo(self) -> Decision:
        """Undo the last decision that stands; its records hold what they held before.

        Raises ReseenError if there is none, or its records have got another identity since.
        """
        with self._deciding() as state:
            if not state.steps.live:
                raise ReseenError(f"{self._store.uri}: there is no decision to undo")
            last = state.steps.live[-1]
            step = self._step(state, "undo", last.proposal, name=last.name)._replace(of=last.number)
            if last.what == "refuse":
                self._journal.begin(step)
            else:
                self._put_back(last, step)
            self._journal.end()
        return step

    def _put_back(self, last: Decision, step: Decision) -> None:
        proposal = last.proposal
        with self._store.writing() as table:
            held = identities_of(table, proposal.records)
            changed = sum(identity != last.name for identity in held.values())
            if changed:
                raise ReseenError(
                    f"{self._store.uri}: cannot undo: {counted(changed)} of {len(proposal.records):,} got another "
                    f"identity than '{last.name}' since; `reseen gallery update` sets identities"
                )
            self._journal.begin(step)
            if held:
                update_records(table, list(held), {"identity": proposal.identity})

    @contextmanager
    def _deciding(self) -> Iterator[_State]:
        """The state, while no other process decides; a step that a killed process left is ended first."""
        advice = "it decides proposals; try again when it is done"
        if not self._folder.is_dir():
            raise ReseenError(
                f"{self._store.uri}: nothing was proposed yet; `reseen gallery discover` looks for proposals"
            )
        with file_lock(self._folder / LOCK, patience=self._store.patience, advice=advice, keep=True):
            state = self._state()
            if state.steps.pending is not None:
                self._journal.end(done=self._was_done(state.steps.pending))
                state = self._state()
            yield state

    def _was_done(self, pending: Decision) -> bool:
        """Whether a pending step's records hold what they would hold after it."""
        if pending.what == "refuse" or (pending.what == "undo" and pending.name is None):
            return True
        wanted = pending.name if pending.what == "accept" else pending.proposal.identity
        held = self._store.read(lambda table: identities_of(table, pending.proposal.records))
        return all(identity == wanted for identity in held.values())

    def _state(self) -> _State:
        return _State(read_stored(self._folder, name=self._store.uri), self._journal.steps())

    def _waiting(self, state: _State) -> list[Proposal]:
        decided = _decided(state)
        return [proposal for proposal in state.stored.proposals if proposal.id not in decided]

    def _waiting_one(self, id: str, state: _State) -> Proposal:  # noqa: A002
        known = {proposal.id: proposal for proposal in state.stored.proposals}
        if id not in known:
            reason = unknown("proposal", id, known) if known else f"no proposal '{id}'; none are kept, discover again"
            raise ReseenError(f"{self._store.uri}: {reason}")
        decision = _decided(state).get(id)
        if decision is not None:
            how = "refused" if decision.what == "refuse" else f"accepted as '{decision.name}'"
            raise ReseenError(f"{self._store.uri}: proposal {id} was {how} already; undo takes the last decision back")
        return known[id]

    def _refuse_stale(self, table: Any, proposal: Proposal) -> None:
        targets = known_identities(table, [] if proposal.target is None else [proposal.target])
        reason = _stale(proposal, identities_of(table, proposal.records), targets)
        if reason:
            raise ReseenError(f"{self._store.uri}: proposal {proposal.id} is stale: {reason}; discover again")

    def _chosen(self, table: Any, proposal: Proposal, name: str | None) -> str:
        """The name that was given, if it may be one, or the one that the records get without."""
        if name is None:
            return proposal.target or _free_name(table, proposal)
        chosen = name.strip()
        if not chosen or len(chosen) > _LONGEST:
            raise ReseenError(f"name: expected 1 to {_LONGEST} characters, got {len(chosen)}")
        if chosen == proposal.identity:
            raise ReseenError(f"name: expected another than '{chosen}', which the records have already")
        return chosen

    def _step(self, state: _State, what: What, proposal: Proposal, *, name: str | None) -> Decision:
        return Decision(state.steps.last + 1, what, proposal, name, now())


def _decided(state: _State) -> Mapping[str, Decision]:
    """The decisions made since the proposals were stored, by the proposal's id."""
    return {step.proposal.id: step for step in state.steps.live if step.number > state.stored.step}


def _stale(proposal: Proposal, held: Mapping[str, str | None], targets: Sequence[str]) -> str:
    """Why the proposal no longer fits the gallery, or ""."""
    gone = sum(id_ not in held for id_ in proposal.records)
    if gone:
        return f"{counted(gone)} of {len(proposal.records):,} {'is' if gone == 1 else 'are'} no longer in the gallery"
    changed = sum(held[id_] != proposal.identity for id_ in proposal.records)
    if changed:
        return f"{counted(changed)} of {len(proposal.records):,} got another identity since"
    if proposal.target is not None and proposal.target not in targets:
        return f"no record has the identity '{proposal.target}' any more"
    return ""


def _free_name(table: Any, proposal: Proposal) -> str:
    """The first new name that no record has."""
    taken = set(known_identities(table))
    splits = proposal.kind == "split"
    numbers = count(2 if splits else 1)
    named = (f"{proposal.identity} ({number})" if splits else f"individual {number}" for number in numbers)
    return next(name for name in named if name not in taken)
