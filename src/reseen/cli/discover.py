"""`reseen gallery discover`: who is who in a gallery, proposed and decided."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.cli.console import progress_for, results, say
from reseen.cli.filters import GalleryAddress
from reseen.cli.options import Quiet
from reseen.cli.proposal_table import proposal_table
from reseen.engine.interrupt import Stopped
from reseen.errors import ReseenError, unknown

if TYPE_CHECKING:
    from reseen.retrieval.discover import Decision, Decisions, Discovery, Proposal
    from reseen.retrieval.gallery import Gallery


def discover(  # noqa: PLR0913 - one parameter an option
    gallery: GalleryAddress,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[accept ID... | refuse ID... | undo | list]",
            help="What to do with proposals; nothing looks at the gallery and proposes.",
        ),
    ] = None,
    *,
    name: Annotated[str | None, typer.Option(help="With accept: the identity that the records get.")] = None,
    least: Annotated[int, typer.Option(min=2, help="The fewest records of a group or part.")] = 2,
    caution: Annotated[
        float, typer.Option(min=0, help="Nats of evidence that a proposal needs; more gives fewer and surer ones.")
    ] = 0.0,
    most: Annotated[int, typer.Option(min=1, help="The most proposals to keep.")] = 1000,
    shown: Annotated[int, typer.Option(min=1, help="The most proposals to print.")] = 20,
    json: Annotated[Path | None, typer.Option(help="Also write the proposals to this file.")] = None,
    quiet: Quiet = False,
) -> None:
    """Propose who is who: records that look like one individual, identities to merge and to split.

    Nothing is changed until a proposal is accepted. Refused ones do not come back unless their evidence changes much.
    `reseen serve GALLERY --decide` shows the proposals with images, to decide by keyboard.

    [bold]Examples[/bold]

    reseen gallery discover cars

    reseen gallery discover cars accept 3f2a90c1 --name "van 12"

    reseen gallery discover cars refuse 77ab01d4

    reseen gallery discover cars undo
    """
    from reseen.retrieval.discover import DiscoverSettings

    action, *ids = words or [""]
    _refuse_odd(action, ids, name=name)
    if json is not None and action in _DECIDE:
        raise ReseenError("--json: expected without an action, or with list")
    with _one_line():
        opened = _open(gallery)
        if action in _DECIDE:
            _DECIDE[action](opened.decisions(), ids, name)
        elif action == "list":
            waiting = opened.decisions().proposals()
            _show(waiting, f"{len(waiting):,} proposals wait", json=json, shown=shown)
        else:
            settings = DiscoverSettings(least=least, caution=caution, most=most)
            found = opened.discover(settings=settings, progress=progress_for(quiet=quiet))
            say(f"judged by {found.judged_by}")
            _show(found.proposals, _heading(found), json=json, shown=shown)


@contextmanager
def _one_line() -> Iterator[None]:
    """Ctrl-C is one line, whatever is under way: files and records change as a whole or not at all."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped("interrupted; what was decided is kept, and `list` shows what waits") from None


def _open(gallery: str) -> "Gallery":
    from reseen.retrieval.gallery import Gallery

    return Gallery(gallery, upkeep=False)


def _heading(found: "Discovery") -> str:
    return (
        f"{len(found.proposals):,} proposals; {found.records:,} records, {found.unnamed:,} of them without identity, "
        f"{found.identities:,} identities"
    )


def _accept(decisions: "Decisions", ids: Sequence[str], name: str | None) -> None:
    for id_ in ids:
        say(_told(decisions.accept(id_, name=name)))


def _refuse(decisions: "Decisions", ids: Sequence[str], _: str | None) -> None:
    for id_ in ids:
        say(_told(decisions.refuse(id_)))


def _undo(decisions: "Decisions", *_: object) -> None:
    say(_told(decisions.undo()))


_DECIDE: "Mapping[str, Callable[[Decisions, Sequence[str], str | None], None]]" = MappingProxyType(
    {"accept": _accept, "refuse": _refuse, "undo": _undo}
)


def _refuse_odd(action: str, ids: Sequence[str], *, name: str | None) -> None:
    known = (*_DECIDE, "list")
    if action and action not in known:
        raise ReseenError(f"discover: {unknown('action', action, known)}")
    if action in ("accept", "refuse") and not ids:
        raise ReseenError(f"{action}: expected the id of a proposal; `list` shows them")
    if action not in ("accept", "refuse") and ids:
        raise ReseenError(f"{action}: expected no ids, got {ids[0]}")
    if name is not None and (action != "accept" or len(ids) > 1):
        raise ReseenError("--name: expected with accept and one id")


def _told(decision: "Decision") -> str:
    proposal = decision.proposal
    if decision.what == "accept":
        return f"{proposal.id}: {len(proposal.records):,} records are '{decision.name}' now"
    if decision.what == "refuse":
        return f"{proposal.id}: refused; it does not come back unless its evidence changes much"
    if decision.name is None:
        return f"{proposal.id}: no longer refused"
    before = "without identity" if proposal.identity is None else f"'{proposal.identity}'"
    return f"{proposal.id}: {len(proposal.records):,} records are {before} again"


def _show(waiting: "Sequence[Proposal]", heading: str, *, json: Path | None, shown: int) -> None:
    from reseen.files import write_json

    if json is not None:
        write_json(json, [proposal.as_json() for proposal in waiting])
    if not waiting:
        say(heading)
        return
    results().print(proposal_table(waiting, title=heading, shown=shown))
